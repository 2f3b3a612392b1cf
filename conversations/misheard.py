"""What was not understood, kept for those who teach the bot new words."""

from conversations.desk import Desk
from conversations.said import Said
from crm.kit import driver
from crm.kit.ids import uuid7

_LONGEST = 200
_KEEP = """
    insert into misheard (id, conversation_id, question, language, text_sealed, at)
    values (%(id)s, %(conversation_id)s, %(question)s, %(language)s, %(text_sealed)s, %(at)s)
"""


def keep(desk: Desk, question: str, said: Said) -> None:
    """Keep the words, sealed, under the question they answered."""
    id_ = uuid7()
    words = said.text[:_LONGEST] or said.media
    vault = desk.session.info["vault"]
    kept = {
        "id": id_,
        "conversation_id": desk.talk.id,
        "question": question,
        "language": desk.language,
        "text_sealed": vault.seal(words, where="misheard.text", row=id_),
        "at": desk.now,
    }
    driver.run(desk.session, _KEEP, kept)
