"""Talks: the line that waits, what was said, and a person who answers instead of the bot."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from conversations import engine
from conversations.engine import House
from crm import talks
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Moment
from crm.kit import phones
from crm.kit.permissions import Permission
from crm.models import Answering

door = Door("conversations", __name__)


class TalkQuery(Query):
    """Which talks."""

    answering: Answering | None = None
    mine: bool = False


class TalkOut(Out):
    """A talk with somebody on one channel."""

    id: UUID
    channel: str
    number: str
    people: list[str]
    answering: Answering
    assigned_to: UUID | None
    language: str | None
    dialogue: str | None
    heard_at: datetime | None
    waiting_since: datetime | None
    waiting_reason: str | None

    @classmethod
    def of(cls, talk: talks.Talk) -> "TalkOut":
        """From the talk; the number is masked."""
        row = talk.row
        return cls(
            id=row.id,
            channel=talk.channel,
            number=phones.mask(talk.number),
            people=list(talk.people),
            answering=row.answering,
            assigned_to=row.assigned_to,
            language=row.language,
            dialogue=row.dialogue,
            heard_at=row.heard_at,
            waiting_since=row.waiting_since,
            waiting_reason=row.waiting_reason,
        )


@door.get("/conversations")
@needs(Permission.CONVERSATIONS_READ)
@door.input(TalkQuery, location="query")
@door.output(Page[TalkOut])
def index(query_data: TalkQuery) -> Page[TalkOut]:
    """The talks of one's hospitals, the newest heard first."""
    found = talks.search(
        call.session,
        scope=call.scope,
        by=call.actor,
        page=query_data.page(),
        answering=query_data.answering,
        assigned_to=call.actor.id if query_data.mine else None,
    )
    return Page[TalkOut].of(found, TalkOut.of)


@door.get("/conversations/<uuid:conversation_id>")
@needs(Permission.CONVERSATIONS_READ)
@door.output(Data[TalkOut])
def show(conversation_id: UUID) -> Data[TalkOut]:
    """One talk."""
    return Data(data=TalkOut.of(_talk(conversation_id)))


class LineOut(Out):
    """One message of a talk."""

    id: UUID
    direction: str
    text: str
    options: list[str]
    status: str
    reason: str | None
    at: datetime
    sent_by: UUID | None

    @classmethod
    def of(cls, line: talks.Line) -> "LineOut":
        """From the message, opened."""
        row = line.row
        return cls(
            id=row.id,
            direction=row.direction,
            text=line.text,
            options=list(line.options),
            status=row.status,
            reason=row.reason,
            at=row.status_at,
            sent_by=row.sent_by,
        )


@door.get("/conversations/<uuid:conversation_id>/messages")
@needs(Permission.CONVERSATIONS_READ)
@door.input(Query, location="query")
@door.output(Page[LineOut])
def messages(conversation_id: UUID, query_data: Query) -> Page[LineOut]:
    """What was said, newest first."""
    talk = _talk(conversation_id)
    found = talks.lines(call.session, talk, by=call.actor, page=query_data.page())
    return Page[LineOut].of(found, LineOut.of)


def _talk(conversation_id: UUID) -> talks.Talk:
    return talks.get(call.session, conversation_id, scope=call.scope, by=call.actor)


@door.post("/conversations/<uuid:conversation_id>/take-over")
@needs(Permission.CONVERSATIONS_WRITE)
@door.output(Data[TalkOut])
def take_over(conversation_id: UUID) -> Data[TalkOut]:
    """Answer oneself from now on; the bot is silent."""
    talk = talks.take_over(**_which(conversation_id))
    return Data(data=TalkOut.of(talk))


class ReplyBody(Body):
    """What to say."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1_600)]


class ReplyOut(Out):
    """The message that was put into the outbox."""

    message_id: UUID


@door.post("/conversations/<uuid:conversation_id>/replies")
@needs(Permission.CONVERSATIONS_WRITE)
@idempotent
@door.input(ReplyBody)
@door.output(Data[ReplyOut], status_code=202)
def reply(conversation_id: UUID, json_data: ReplyBody) -> Data[ReplyOut]:
    """Write in a talk one has taken over."""
    message_id = talks.reply(words=json_data.text, **_which(conversation_id))
    return Data(data=ReplyOut(message_id=message_id))


@door.post("/conversations/<uuid:conversation_id>/hand-back")
@needs(Permission.CONVERSATIONS_WRITE)
@door.output(Data[TalkOut])
def hand_back(conversation_id: UUID) -> Data[TalkOut]:
    """Let the bot answer again, where it stopped; it says so."""
    talk = talks.hand_back(**_which(conversation_id))
    engine.hand_back(call.session, conversation_id, House.of(call.wiring), now=call.now)
    call.session.refresh(talk.row)
    return Data(data=TalkOut.of(talk))


class NotUnderstoodQuery(Query):
    """Since when; a month back unless said."""

    since: Moment | None = None


class NotUnderstoodOut(Out):
    """A question and the words it could not use."""

    question: str
    language: str
    count: int
    examples: list[str] = Field(description="The newest ten, as they were written.")


@door.get("/conversations/not-understood")
@needs(Permission.TEMPLATES_WRITE)
@door.input(NotUnderstoodQuery, location="query")
@door.output(Data[list[NotUnderstoodOut]])
def not_understood(query_data: NotUnderstoodQuery) -> Data[list[NotUnderstoodOut]]:
    """What the bot did not understand, by question."""
    since = query_data.since or call.now - timedelta(days=30)
    found = talks.not_understood(call.session, since=since)
    return Data(data=[NotUnderstoodOut.model_validate(each) for each in found])


def _which(conversation_id: UUID) -> dict[str, Any]:
    return {
        "session": call.session,
        "talk_id": conversation_id,
        "scope": call.scope,
        "by": call.actor,
        "now": call.now,
    }
