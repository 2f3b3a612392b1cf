"""How long things are kept. Words go first; that they were said, and when, stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, TextClause, delete, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7_floor
from crm.models import InboundKey

INBOUND_KEYS = timedelta(days=40)
"""The carrier retries within minutes; reconciling after an outage looks back a month."""

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Kept:
    """How long words are kept, by what they are."""

    message_bodies: timedelta = timedelta(days=365)
    feedback_texts: timedelta = timedelta(days=730)
    talks: timedelta = timedelta(days=90)


# Each forgets the words of at most :batch rows whose id was made before :before; ids carry time.
_BODIES = text("""
    update messages set body_sealed = null where id in (
        select id from messages
        where id < :before and body_sealed is not null
            and status not in ('queued', 'sending', 'unknown', 'unanswered')
        order by id limit :batch
    )
""")
_COMMENTS = text("""
    update patient_feedback set comment_sealed = null where id in (
        select id from patient_feedback
        where id < :before and comment_sealed is not null order by id limit :batch
    )
""")
_OWNERS_COMMENTS = text("""
    update owner_satisfaction set comment_sealed = null where id in (
        select id from owner_satisfaction
        where id < :before and comment_sealed is not null order by id limit :batch
    )
""")
_NOTES = text("""
    update follow_ups
    set contact_note_sealed = null, resolution_sealed = null, words_sealed = null
    where id in (
        select id from follow_ups
        where id < :before and resolved_at is not null
            and num_nonnulls(contact_note_sealed, resolution_sealed, words_sealed) > 0
        order by id limit :batch
    )
""")
_SLIPS = text("""
    delete from misheard where id in (
        select id from misheard where id < :before order by id limit :batch
    )
""")
_TALKS = text("""
    update conversations set context_sealed = null, dialogue = null, state = null
    where id in (
        select id from conversations
        where coalesce(heard_at, created_at) < :moment and answering = 'bot'
            and context_sealed is not null
        order by id limit :batch
    )
""")


def forget_words(session: Session, kept: Kept, *, now: datetime) -> dict[str, int]:
    """Forget the words that are older than they are kept, some of each; counts by what they are.

    Call it until all counts are 0: each call is one short transaction.
    """
    texts, talks = now - kept.feedback_texts, now - kept.talks
    return {
        "message_bodies": _forget(session, _BODIES, now - kept.message_bodies),
        "feedback_comments": _forget(session, _COMMENTS, texts),
        "owners_comments": _forget(session, _OWNERS_COMMENTS, texts),
        "follow_up_notes": _forget(session, _NOTES, texts),
        "misheard": _forget(session, _SLIPS, talks),
        "talks": _forget(session, _TALKS, talks),
    }


def purge_inbound_keys(session: Session, *, now: datetime) -> int:
    """Forget which carrier ids came in long ago. Returns how many."""
    old = InboundKey.received_at < now - INBOUND_KEYS
    gone = session.scalars(delete(InboundKey).where(old).returning(InboundKey.provider_id))
    return len(gone.all())


def _forget(session: Session, statement: TextClause, moment: datetime) -> int:
    given = {"before": uuid7_floor(moment), "moment": moment, "batch": BATCH}
    named = {name: value for name, value in given.items() if name in statement.compile().params}
    return cast("CursorResult[Any]", session.execute(statement, named)).rowcount
