"""What was not understood, kept for those who teach the bot new words."""

from sqlalchemy import insert

from conversations.desk import Desk
from conversations.said import Said
from crm.kit.ids import uuid7
from crm.models import Misheard

_LONGEST = 200


def keep(desk: Desk, question: str, said: Said) -> None:
    """Keep the words, sealed, under the question they answered."""
    id_ = uuid7()
    words = said.text[:_LONGEST] or said.media
    vault = desk.session.info["vault"]
    desk.session.execute(
        insert(Misheard).values(
            id=id_,
            conversation_id=desk.talk.id,
            question=question,
            language=desk.language,
            text_sealed=vault.seal(words, where="misheard.text", row=id_),
            at=desk.now,
        )
    )
