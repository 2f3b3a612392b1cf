"""A chart as an SVG picture: dark on light, no script, no font and nothing else from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from textwrap import wrap

from conversations.flows.chart import Chart, Kind, State, Way
from conversations.flows.layout import Arrow, Box, Drawing, lay_out

_MARGIN = 28
_HEAD = 92
_LINE = 16
_PAD = 14
_WIDE = 34
_MOST_LINES = 3
_LETTER = 6.9
_BOLD = 7.6

_OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
    'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="t">'
)
_STYLE = """
text {
  font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  fill: #1a1c2b;
}
.title { font-size: 20px; font-weight: 700; fill: #1b2258; }
.sub, .words { fill: #565a72; }
.name { font-weight: 700; }
.question { fill: #ffffff; stroke: #27307a; stroke-width: 2; }
.house { fill: #fff1cf; stroke: #7f5200; stroke-width: 1.5; }
.end { fill: #e0f2e7; stroke: #0b6b3c; stroke-width: 1.5; }
.leads { fill: #e1f0fa; stroke: #0a5f9e; stroke-width: 1.5; }
.start { fill: #1a1c2b; }
.arrow { fill: none; stroke: #565a72; stroke-width: 1.4; }
.back { stroke: #a3261b; stroke-dasharray: 5 4; }
.heard { fill: #27307a; font-style: italic; }
.heard.up { fill: #a3261b; }
"""
_MARK = (
    '<marker id="{id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
)


def svg(chart: Chart) -> str:
    """The chart as one SVG document."""
    drawing = lay_out(
        [_box(state, chart) for state in chart.states.values()],
        [_arrow(way) for way in chart.ways],
    )
    width = max(drawing.width, 760) + 2 * _MARGIN
    height = drawing.height + _HEAD + 2 * _MARGIN
    aside = (width - drawing.width) / 2
    return "\n".join(
        [
            _OPEN.format(width=width, height=height),
            f'<title id="t">{escape(chart.name)}: {escape(chart.purpose)}</title>',
            f"<style>{_STYLE}</style>",
            "<defs>",
            _MARK.format(id="on", colour="#565a72"),
            _MARK.format(id="back", colour="#a3261b"),
            "</defs>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *_head(chart),
            f'<g transform="translate({aside:.1f} {_HEAD + _MARGIN})">',
            *_arrows(drawing, chart.ways),
            *_boxes(drawing, chart),
            "</g>",
            "</svg>",
            "",
        ]
    )


# -- what is drawn ---------------------------------------------------------------------------------


def _said(state: State, chart: Chart) -> list[tuple[str, str]]:
    """The lines under a state's name: its words, what leads back to it, how many stopped."""
    count = chart.counts.get(state.name)
    counted = [f"{count.entered} came, {count.abandoned} stopped here"] if count else []
    round_ = [way for way in chart.ways if way.at == way.then == state.name]
    again = [line for way in round_ for line in wrap("↻ " + ", ".join(way.heard), _WIDE)]
    return [
        *(("words", line) for line in _words(state)),
        *(("heard", line) for line in again),
        *(("words", line) for line in counted),
    ]


def _words(state: State) -> list[str]:
    if state.kind in (Kind.HOUSE, Kind.START, Kind.LEADS_ON) or not state.words:
        return []
    lines = wrap(" ".join(state.words.split()), _WIDE)
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1].rstrip(" .,") + " …"]


def _name(state: State) -> str:
    if state.kind is Kind.LEADS_ON:
        return f"to {state.words.replace('.', ': ').replace('_', ' ')}"
    return state.title


def _box(state: State, chart: Chart) -> Box:
    lines = _said(state, chart)
    widest = max([len(_name(state)) * _BOLD, *(len(line) * _LETTER for _, line in lines)])
    room = 44 if state.kind is Kind.HOUSE else 2 * _PAD
    height = (1 + len(lines)) * _LINE + 14
    if state.kind is Kind.START:
        return Box(state.name, 20, 20)
    return Box(state.name, max(widest + room, 70), height)


def _heard(way: Way) -> list[str]:
    return wrap(", ".join(way.heard), 26) if way.heard else []


def _arrow(way: Way) -> Arrow:
    lines = _heard(way)
    if not lines:
        return Arrow(way.at, way.then)
    width = max(len(line) for line in lines) * _LETTER + 4
    return Arrow(way.at, way.then, width, len(lines) * _LINE)


def _head(chart: Chart) -> Iterator[str]:
    yield f'<text class="title" x="{_MARGIN}" y="36">{escape(chart.name)}</text>'
    yield f'<text class="sub" x="{_MARGIN}" y="58">{escape(chart.purpose)}</text>'
    x = _MARGIN
    for css, words in (
        ("question", "a question to the person"),
        ("house", "a question to the house"),
        ("end", "the talk ends"),
        ("leads", "another talk goes on"),
    ):
        yield f'<rect class="{css}" x="{x}" y="74" width="26" height="15" rx="{_CORNER[css]}"/>'
        yield f'<text class="sub" x="{x + 33}" y="86">{words}</text>'
        x += 33 + int(len(words) * _LETTER) + 18
    yield f'<text class="sub" x="{_MARGIN}" y="108">What is not understood is asked again.</text>'


_CORNER = {"question": 4, "house": 0, "end": 7, "leads": 0}


def _boxes(drawing: Drawing, chart: Chart) -> Iterator[str]:
    for state in chart.states.values():
        box = drawing.boxes[state.name]
        yield _shape(state, box)
        if state.kind is Kind.START:
            continue
        lines = _said(state, chart)
        y = box.y - len(lines) * _LINE / 2 + 4.5
        yield _text("name", box.x, y, _name(state))
        for number, (css, line) in enumerate(lines, start=1):
            yield _text(css, box.x, y + number * _LINE, line)


def _shape(state: State, box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    right, bottom = left + box.width, top + box.height
    if state.kind is Kind.START:
        return f'<circle class="start" cx="{box.x:.1f}" cy="{box.y:.1f}" r="9"/>'
    if state.kind is Kind.HOUSE:
        nib = 14
        points = [
            (left + nib, top),
            (right - nib, top),
            (right, box.y),
            (right - nib, bottom),
            (left + nib, bottom),
            (left, box.y),
        ]
        return _polygon("house", points)
    if state.kind is Kind.LEADS_ON:
        nib = 12
        points = [
            (left, top),
            (right - nib, top),
            (right, box.y),
            (right - nib, bottom),
            (left, bottom),
        ]
        return _polygon("leads", points)
    css, corner = ("end", box.height / 2) if state.kind is Kind.END else ("question", 6)
    return (
        f'<rect class="{css}" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{min(corner, 18):.1f}"/>'
    )


def _polygon(css: str, points: Sequence[tuple[float, float]]) -> str:
    spelt = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon class="{css}" points="{spelt}"/>'


def _text(css: str, x: float, y: float, words: str) -> str:
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(words)}</text>'
    )


def _arrows(drawing: Drawing, ways: Sequence[Way]) -> Iterator[str]:
    for arrow in drawing.arrows:
        if arrow.at == arrow.then:
            continue  # said inside the box
        css, mark = ("arrow back", "back") if arrow.is_turned else ("arrow", "on")
        yield f'<path class="{css}" d="{_curve(arrow)}" marker-end="url(#{mark})"/>'
    for arrow, way in zip(drawing.arrows, ways, strict=True):
        if arrow.words:
            yield from _words_of(arrow.words, _heard(way), is_up=arrow.is_turned)


def _words_of(box: Box, lines: Sequence[str], *, is_up: bool) -> Iterator[str]:
    top = box.y - box.height / 2
    yield (
        f'<rect x="{box.x - box.width / 2:.1f}" y="{top - 1:.1f}" width="{box.width:.1f}" '
        f'height="{box.height + 2:.1f}" fill="#ffffff" fill-opacity=".93"/>'
    )
    for number, line in enumerate(lines):
        yield _text("heard up" if is_up else "heard", box.x, top + 12 + number * _LINE, line)


def _curve(arrow: Arrow) -> str:
    """Through all its points, upright where it passes a layer."""
    first, last = arrow.path[0], arrow.path[-1]
    down = 1 if first.y < last.y else -1
    points = [(first.x, first.y + down * first.height / 2)]
    for box in arrow.path[1:-1]:
        half = box.room / 2
        points += [(box.x, box.y - down * half), (box.x, box.y + down * half)]
    points.append((last.x, last.y - down * last.height / 2))
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        bend = (to_y - y) / 2
        if abs(to_x - x) < 0.5:  # noqa: PLR2004 -- half a pixel is straight
            path.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            path.append(
                f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
            )
    return "".join(path)
