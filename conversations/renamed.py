"""Questions that have another name now, and the talks that still stand at the old one.

Every question ever shipped is in `states.txt`. One that was taken away or renamed stands here with
the question that takes its place; a talk is moved when somebody writes in it again.
"""

from collections.abc import Mapping

from crm.inbox import Talk

RENAMED: Mapping[str, str] = {}
"""Old to new, as "dialogue.state"; an entry is never taken away."""


def now_called(question: str, renamed: Mapping[str, str]) -> str:
    """The question's present name, through as many renamings as there were."""
    while question in renamed:
        question = renamed[question]
    return question


def catch_up(talk: Talk, renamed: Mapping[str, str] = RENAMED) -> None:
    """Move a talk, the talks put aside under it and the way back through it to the new names."""
    if not renamed or talk.dialogue is None:
        return
    paused = talk.context.get("paused") or []
    if paused and isinstance(paused[0], str):
        paused = [paused]
    talk.context["paused"] = [
        [*_moved(renamed, dialogue, state), *rest] for dialogue, state, *rest in paused
    ]
    trail = [_moved(renamed, talk.dialogue, state) for state in talk.context.get("trail", [])]
    talk.dialogue, talk.state = _moved(renamed, talk.dialogue, talk.state or "")
    talk.context["trail"] = [state for dialogue, state in trail if dialogue == talk.dialogue]


def _moved(renamed: Mapping[str, str], dialogue: str, state: str) -> tuple[str, str]:
    name, _, at = now_called(f"{dialogue}.{state}", renamed).partition(".")
    return name, at
