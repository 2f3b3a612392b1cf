"""Our content templates at Twilio: created where they are missing, approval asked where needed."""

from collections.abc import Iterable

from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from bot.channels.carrier import Shape

PAGE = 500
UNSUBMITTED = "unsubmitted"


def ensure_contents(client: Client, shapes: Iterable[Shape]) -> dict[str, str]:
    """Every shape's content id by its name; safe to repeat.

    A changed shape needs a new name: content cannot be altered once approved. Raises CarrierError
    from the connection and TwilioException from the SDK.
    """
    known = {
        each.friendly_name: each.sid for each in client.content.v1.contents.list(page_size=PAGE)
    }
    sids = {}
    for shape in shapes:
        sid = known.get(shape.name)
        is_new = sid is None
        sids[shape.name] = sid = sid or _create(client, shape)
        if shape.category and (is_new or approval(client, sid) == UNSUBMITTED):
            _ask_approval(client, sid, shape.name, shape.category)
    return sids


def approval(client: Client, sid: str) -> str:
    """WhatsApp's word on a template: unsubmitted, received, pending, approved, rejected, paused."""
    request = client.content.v1.contents(sid).approval_fetch().fetch()
    return str((request.whatsapp or {}).get("status", UNSUBMITTED))


def _create(client: Client, shape: Shape) -> str:
    request = ContentList.ContentCreateRequest(
        {
            "friendly_name": shape.name,
            "language": shape.language,
            "variables": dict(shape.samples),
            "types": dict(shape.types),
        }
    )
    return str(client.content.v1.contents.create(request).sid)


def _ask_approval(client: Client, sid: str, name: str, category: str) -> None:
    request = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category})
    client.content.v1.contents(sid).approval_create.create(request)
