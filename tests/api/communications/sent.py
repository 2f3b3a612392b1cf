"""What was sent, as it lies in the outbox."""

from sqlalchemy import select

from crm import outbox
from crm.models import (
    Message,
    Purpose,
)
from tests.api.caller import Api
from tests.crm.senders import CARE, a_template

HELLO = {"channel": "sms", "purpose": "care", "body": "Your results are ready. Please call us."}


def written(api: Api, code: str = "water", **how):
    with api.wiring.transaction() as session:
        a_template(session, code, **({"body": CARE, "purpose": Purpose.CARE} | how))


def messages(api: Api) -> list[Message]:
    with api.wiring.sessions() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def words(api: Api, message: Message) -> str:
    return outbox.unseal(api.wiring.vault, message.body_sealed, row=message.id).text
