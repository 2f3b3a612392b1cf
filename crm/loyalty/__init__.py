"""Points: earned, taken back, spent, expired; tiers, rewards and the codes that get them.

The account's row in `loyalty_points` is the lock under which its points move. The ledger is the
balance: what the row says is what the transactions add up to, and what the open lots hold.
"""

from crm.loyalty import by_hand, desk, history, invariants, notices, redemptions, rewards, tiers
from crm.loyalty.accounts import enrol, freeze, get, of, thaw
from crm.loyalty.bulk import Event, award_many
from crm.loyalty.earning import Award, award, earn
from crm.loyalty.expiry import lapse
from crm.loyalty.reversing import Reversal, reverse, reverse_transaction
from crm.loyalty.spending import Redeemed, redeem

__all__ = [
    "Award",
    "Event",
    "Redeemed",
    "Reversal",
    "award",
    "award_many",
    "by_hand",
    "desk",
    "earn",
    "enrol",
    "freeze",
    "get",
    "history",
    "invariants",
    "lapse",
    "notices",
    "of",
    "redeem",
    "redemptions",
    "reverse",
    "reverse_transaction",
    "rewards",
    "thaw",
    "tiers",
]
