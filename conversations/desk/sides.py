"""Who may be writing from a phone of several roles."""

from uuid import UUID

from bot.texts import say
from conversations.desk import Answers, Desk, Outcome


def find_sides(desk: Desk, answers: Answers) -> Outcome:
    """The patients' side, when there are patients, and each owner; one alone without the name."""
    del answers
    owners = desk.owners()
    alone = say("options", "as_owner", desk.language, desk.channel)
    found = [[str(owner.id), owner.name if len(owners) > 1 else alone] for owner in owners]
    return "found", {"is_patient": bool(desk.held()), "owners": found}


def be_patient(desk: Desk, answers: Answers) -> Outcome:
    """Remember that the phone's patients are meant."""
    del answers
    desk.talk.owner_id = None
    desk.talk.patient_id = desk.held()[0][0].id
    return "done", None


def be_owner(desk: Desk, answers: Answers) -> Outcome:
    """Remember which owner is meant."""
    desk.talk.owner_id = UUID(answers.pop("owner"))
    return "done", None
