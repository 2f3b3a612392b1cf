"""The talks, one a file, by name."""

from conversations.dialogue import Dialogue
from conversations.dialogues.appointments import Appointments
from conversations.dialogues.booking import Booking
from conversations.dialogues.codes import Codes
from conversations.dialogues.feedback import Feedback
from conversations.dialogues.identity import Identity
from conversations.dialogues.interruptions import Distress, Lost, Resume
from conversations.dialogues.invite import Invite
from conversations.dialogues.language import Language
from conversations.dialogues.menu import Menu
from conversations.dialogues.owner import Owner
from conversations.dialogues.person import Person
from conversations.dialogues.place import Place
from conversations.dialogues.points import Points
from conversations.dialogues.preferences import Preferences
from conversations.dialogues.privacy import Privacy
from conversations.dialogues.registration import Registration
from conversations.dialogues.reminder import ReminderReply
from conversations.dialogues.rewards import Rewards
from conversations.dialogues.sides import Sides
from conversations.dialogues.survey import OwnerSurvey
from conversations.dialogues.waitlist import Waitlist
from conversations.dialogues.why import Why

DIALOGUES: dict[str, type[Dialogue]] = {
    kind.name: kind
    for kind in (
        Appointments,
        Booking,
        Codes,
        Distress,
        Feedback,
        Identity,
        Invite,
        Language,
        Lost,
        Menu,
        Owner,
        OwnerSurvey,
        Person,
        Place,
        Points,
        Preferences,
        Privacy,
        Registration,
        ReminderReply,
        Resume,
        Rewards,
        Sides,
        Waitlist,
        Why,
    )
}
