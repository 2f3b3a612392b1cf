"""What is kept of people in these tests."""

from sqlalchemy import select

from crm import outbox, patients, privacy
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role, Scope
from crm.models import (
    Lane,
    Message,
    Purpose,
)

ADMIN = Actor(Kind.USER, uuid7(), "Admin", ((Role.ADMIN, None),))


def at(clinic):
    return Scope(frozenset({clinic.hospital.id}))


def write(session, patient, **facts):
    for name, value in facts.items():
        patients.write(session, patient, name, value)
    session.flush()


def say(session, address, patient, text, now, *, purpose=Purpose.NOTICE):
    return outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text=text,
        purpose=purpose,
        lane=Lane.UTILITY,
        patient_id=patient and patient.id,
        now=now,
        template=outbox.Template("hello"),
    )


def body(session, message_id):
    return session.scalar(select(Message.body_sealed).where(Message.id == message_id))


def merge(session, clinic, gone, now, *, kept=None, scope=EVERYTHING):
    return privacy.merge(
        session,
        (kept or clinic.ada).id,
        gone.id,
        reason="the same woman",
        scope=scope,
        by=ADMIN,
        now=now,
    )


def erase(session, patient, now, scope=EVERYTHING):
    return privacy.erase(session, patient.id, scope=scope, by=ADMIN, now=now)
