"""Preferences: where, when and about what a patient wants to hear from us."""

from datetime import time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, PlainSerializer, model_validator

from bot.channels.carrier import Channel
from crm import patients, preferences
from crm.api.kit import Body, Data, Door, Out, call, expected_version, needs
from crm.api.kit.fields import Language, Version
from crm.kit.permissions import Permission
from crm.preferences import Preferences

door = Door("preferences", __name__)

Clock = Annotated[time, PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str)]
Kind = Literal["reminders", "feedback", "marketing", "loyalty", "research"]


class QuietHours(Body):
    """When nothing but an answer is sent, on the Lagos clock; may reach over midnight."""

    start: time
    end: time

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.start == self.end or self.start.tzinfo or self.end.tzinfo:
            raise ValueError("give two different clock times such as 21:00 and 07:00")
        return self


class PreferencesBody(Body):
    """What may change; a field left out stays, null empties it."""

    version: Version | None = None
    preferred_channel: Channel | None = None
    language: Language | None = None
    quiet_hours: QuietHours | None = None
    channels: dict[Channel, bool] | None = None
    purposes: dict[Kind, bool] | None = None
    acknowledge_risk: bool = Field(
        default=False, description="The patient knows that nobody can warn them of a moved visit."
    )


class QuietHoursOut(Out):
    """Lagos clock times."""

    start: Clock
    end: Clock


class PreferencesOut(Out):
    """What the patient wants now."""

    patient_id: UUID
    version: int
    language: str
    preferred_channel: Channel | None
    quiet_hours: QuietHoursOut | None
    channels: dict[str, bool]
    purposes: dict[str, bool]

    @classmethod
    def of(cls, wanted: Preferences) -> "PreferencesOut":
        """The preferences in the words of the API."""
        quiet = wanted.quiet_hours
        return cls(
            patient_id=wanted.patient_id,
            version=wanted.version,
            language=wanted.language,
            preferred_channel=wanted.preferred_channel,
            quiet_hours=quiet and QuietHoursOut(start=quiet[0], end=quiet[1]),
            channels={channel.value: is_on for channel, is_on in wanted.channels.items()},
            purposes=dict(wanted.purposes),
        )


class ConsentWrittenOut(Out):
    """A consent that the change has added."""

    id: UUID
    address_id: UUID
    purpose: str
    is_granted: bool
    source: str
    wording: str


class PreferencesChangedOut(PreferencesOut):
    """The preferences after the change."""

    consent_events: list[ConsentWrittenOut]


@door.get("/patients/<uuid:patient_id>/preferences")
@needs(Permission.PATIENTS_READ)
@door.output(Data[PreferencesOut])
def show(patient_id: UUID) -> Data[PreferencesOut]:
    """What the patient wants to hear, where and when."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    return Data(data=PreferencesOut.of(preferences.of(call.session, patient)))


@door.patch("/patients/<uuid:patient_id>/preferences")
@needs(Permission.PREFERENCES_WRITE)
@door.input(PreferencesBody)
@door.output(Data[PreferencesChangedOut])
def change(patient_id: UUID, json_data: PreferencesBody) -> Data[PreferencesChangedOut]:
    """Change some and leave the rest; what waits to be sent and is unwanted now is cancelled."""
    after, written = preferences.change(
        call.session,
        patient_id,
        _wish(json_data),
        version=expected_version(json_data.version),
        is_risk_acknowledged=json_data.acknowledge_risk,
        scope=call.scope,
        source="patient" if call.actor.patient_id else "staff",
        now=call.now,
    )
    call.concerns("patient", patient_id)
    shown = PreferencesOut.of(after).model_dump()
    events = [ConsentWrittenOut.model_validate(each) for each in written]
    return Data(data=PreferencesChangedOut(**shown, consent_events=events))


def _wish(body: PreferencesBody) -> dict[str, object]:
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    wish = {
        name: value
        for name, value in sent.items()
        if name in {"preferred_channel", "quiet_hours"}
        or (name in {"language", "channels", "purposes"} and value is not None)
    }
    if quiet := body.quiet_hours:
        wish["quiet_hours"] = (quiet.start, quiet.end)
    return wish
