"""What the talk about bringing friends asks of the house."""

from bot.channels.carrier import Channel
from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import patient
from conversations.standing import desk_phone
from crm import loyalty
from crm.loyalty import history, tiers
from crm.models import LoyaltyStatus


def find_code(desk: Desk, answers: Answers) -> Outcome:
    """The code to give to friends, and what became of those who came."""
    member = patient(desk, answers)
    account = loyalty.enrol(desk.session, member.id, now=desk.now)
    if account.status is not LoyaltyStatus.ACTIVE:
        return "frozen", None
    friends = history.friends(desk.session, member.id)
    worth = {rule.code: rule.points or 0 for rule in tiers.rules(desk.session) if rule.is_active}
    return "code", {
        "code": account.referral_code,
        "came": sum(friends.values()) - friends["rejected"],
        "rewarded": friends["rewarded"],
        "mine": worth.get("referral", 0),
        "theirs": worth.get("welcome", 0),
        "number": desk.numbers.get(Channel.WHATSAPP) or desk_phone(desk),
    }
