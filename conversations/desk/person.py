"""What asking for a person, and distress, ask of the house."""

from bot.texts import dates
from conversations.desk import Answers, Desk, Outcome
from crm import alerts, hospitals


def hand_over(desk: Desk, answers: Answers) -> Outcome:
    """Put the talk in the waiting line and tell the desk."""
    hospital = alerts.ask_for_person(
        desk.session, desk.talk, reason=answers.get("reason", "asked"), now=desk.now
    )
    is_open = hospitals.desk_is_open(hospital, now=desk.now)
    facts = {
        "hospital": hospital.name,
        "phone": hospital.phone,
        "opens": dates.clock(hospital.opens, desk.language),
    }
    return "open" if is_open else "closed", facts


def alert_desk(desk: Desk, answers: Answers) -> Outcome:
    """Tell the desk that someone may be in danger."""
    del answers
    hospital = alerts.ask_for_person(desk.session, desk.talk, reason="distress", now=desk.now)
    return "alerted", hospital.phone
