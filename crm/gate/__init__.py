"""The one gate: may this message go to this address now, and if not, why.

Asked twice of every outbound message, when it is posted and when it is claimed. The verdict is
pure (`rules`); the facts come from one query that the outbox shares (`facts`).
"""

from crm.gate.facts import COLUMNS, JOINS, Asked, facts_of, load, reach
from crm.gate.rules import (
    CAPS,
    WINDOW,
    Facts,
    Kind,
    Step,
    Verdict,
    agreed,
    code_of,
    explain,
    verdict,
)

__all__ = [
    "CAPS",
    "COLUMNS",
    "JOINS",
    "WINDOW",
    "Asked",
    "Facts",
    "Kind",
    "Step",
    "Verdict",
    "agreed",
    "code_of",
    "explain",
    "facts_of",
    "load",
    "reach",
    "verdict",
]
