"""A chart as Mermaid text, for pages and editors that draw it."""

import re
from collections.abc import Iterator

from conversations.flows.chart import Chart, Kind, State

_SHAPES = {
    Kind.START: '(("{}"))',
    Kind.QUESTION: '["{}"]',
    Kind.HOUSE: '{{{{"{}"}}}}',
    Kind.END: '(["{}"])',
    Kind.LEADS_ON: '>"{}"]',
}
_STYLES = {
    Kind.START: "fill:#1a1c2b,color:#fff,stroke:#1a1c2b",
    Kind.QUESTION: "fill:#fff,color:#1a1c2b,stroke:#27307a,stroke-width:2px",
    Kind.HOUSE: "fill:#fff1cf,color:#1a1c2b,stroke:#7f5200",
    Kind.END: "fill:#e0f2e7,color:#1a1c2b,stroke:#0b6b3c",
    Kind.LEADS_ON: "fill:#e1f0fa,color:#1a1c2b,stroke:#0a5f9e",
}


def mermaid(chart: Chart) -> str:
    """The chart as a Mermaid flowchart."""
    return "\n".join(_lines(chart)) + "\n"


def _lines(chart: Chart) -> Iterator[str]:
    yield f"---\ntitle: {_plain(chart.name)}\n---\nflowchart TD"
    for state in chart.states.values():
        yield f"  {_id(state.name)}{_SHAPES[state.kind].format(_plain(_label(state, chart)))}"
    for way in chart.ways:
        words = " / ".join(way.heard)
        arrow = f'-- "{_plain(words)}" -->' if words else "-->"
        yield f"  {_id(way.at)} {arrow} {_id(way.then)}"
    for kind, style in _STYLES.items():
        members = [_id(state.name) for state in chart.states.values() if state.kind is kind]
        if members:
            word = kind.replace(" ", "_")
            yield f"  classDef {word} {style}"
            yield f"  class {','.join(members)} {word}"


def _label(state: State, chart: Chart) -> str:
    name = f"to {state.words}" if state.kind is Kind.LEADS_ON else state.title
    count = chart.counts.get(state.name)
    return f"{name}<br>{count.entered} came, {count.abandoned} stopped" if count else name


def _id(name: str) -> str:
    # "end" is a word of Mermaid's own.
    return f"s_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}"


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")
