"""A drawing in layers, after Sugiyama: no library and no program of the system is needed.

Every arrow with words gets a node of its own for them, so that words never lie on each other. Long
arrows pass through points, one for each layer. Layers are ordered by where their neighbours are;
then every node moves as near to its neighbours as its layer lets it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

SIDE_GAP = 22.0
LAYER_GAP = 24.0
_ORDERINGS = 30
_MOVES = 40
_SLIM = 6.0


@dataclass(slots=True)
class Box:
    """Something with a place: a state, the words of an arrow, or a point that it passes."""

    name: str
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    room: float = 0.0
    """How high its layer is; arrows pass it upright."""
    is_point: bool = False


@dataclass(slots=True)
class Arrow:
    """From one box to another, with words of this size on it."""

    at: str
    then: str
    width: float = 0.0
    height: float = 0.0
    is_turned: bool = False
    """It goes up: it was turned round to find the layers."""
    path: list[Box] = field(default_factory=list)
    """From its start to its end, as drawn."""
    words: Box | None = None


@dataclass(slots=True)
class Drawing:
    """Boxes and arrows with their places; x and y are the middle of a box."""

    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow]
    width: float
    height: float


def lay_out(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Drawing:
    """Give every box and arrow its place. The first box stands on top."""
    by_name = {box.name: box for box in boxes}
    straight = [arrow for arrow in arrows if arrow.at != arrow.then]
    _turn_what_goes_back(by_name, straight)
    _assign_layers(by_name, straight)
    layers = _with_points(by_name, straight)
    near = _neighbours(straight)
    _order(layers, near)
    _move_sideways(layers, near)
    return _measured(by_name, arrows, layers)


# -- layers ---------------------------------------------------------------------------------------


def _turn_what_goes_back(boxes: Mapping[str, Box], arrows: Iterable[Arrow]) -> None:
    """Walk the ways in their order; one that leads to where we come from goes up."""
    out = defaultdict[str, list[Arrow]](list)
    for arrow in arrows:
        out[arrow.at].append(arrow)
    done, open_ = set[str](), set[str]()

    def walk(name: str) -> None:
        open_.add(name)
        for arrow in out[name]:
            arrow.is_turned = arrow.then in open_
            if arrow.then not in done and not arrow.is_turned:
                walk(arrow.then)
        open_.discard(name)
        done.add(name)

    for name in boxes:
        if name not in done:
            walk(name)


def _ends(arrow: Arrow) -> tuple[str, str]:
    """From above to below."""
    return (arrow.then, arrow.at) if arrow.is_turned else (arrow.at, arrow.then)


def _assign_layers(boxes: Mapping[str, Box], arrows: Sequence[Arrow]) -> None:
    """Each box stands below all that lead to it, with a layer for words in between."""
    for _ in boxes:
        for arrow in arrows:
            above, below = _ends(arrow)
            boxes[below].layer = max(boxes[below].layer, boxes[above].layer + 2)


def _with_points(boxes: Mapping[str, Box], arrows: Iterable[Arrow]) -> list[list[Box]]:
    """All layers, with the words of arrows and the points that arrows pass."""
    layers: list[list[Box]] = [[] for _ in range(max(box.layer for box in boxes.values()) + 1)]
    for box in boxes.values():
        layers[box.layer].append(box)
    for number, arrow in enumerate(arrows):
        above, below = (boxes[name] for name in _ends(arrow))
        between = [
            Box(f"{number}.{layer}", _SLIM, 0, layer, is_point=True)
            for layer in range(above.layer + 1, below.layer)
        ]
        if arrow.width:
            # What is heard is written where it is heard.
            arrow.words = between[-1] if arrow.is_turned else between[0]
            arrow.words.width, arrow.words.height = arrow.width, arrow.height
        arrow.path = [above, *between, below]
        for box in between:
            layers[box.layer].append(box)
    return layers


# -- order ----------------------------------------------------------------------------------------

_Near = Mapping[str, tuple[list[Box], list[Box]]]


def _neighbours(arrows: Iterable[Arrow]) -> _Near:
    """For each box those it is tied to, above and below."""
    near: dict[str, tuple[list[Box], list[Box]]] = defaultdict(lambda: ([], []))
    for arrow in arrows:
        for above, below in pairwise(arrow.path):
            near[above.name][1].append(below)
            near[below.name][0].append(above)
    return near


def _order(layers: list[list[Box]], near: _Near) -> None:
    """Sort each layer by where its neighbours are, down and up; keep what crosses least."""
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers, near)
    for turn in range(_ORDERINGS):
        is_down = turn % 2 == 0
        _sort_by_neighbours(layers, near, is_down=is_down)
        _swap_neighbours(layers, near)
        crossings = _crossings(layers, near)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    for layer, kept in zip(layers, best, strict=True):
        layer[:] = kept


def _sort_by_neighbours(layers: list[list[Box]], near: _Near, *, is_down: bool) -> None:
    for layer in layers if is_down else reversed(layers):
        place = {box.name: n for each in layers for n, box in enumerate(each)}

        def middle(box: Box, place: Mapping[str, int] = place) -> float:
            tied = near[box.name][0 if is_down else 1]
            return fmean(place[each.name] for each in tied) if tied else place[box.name]

        layer.sort(key=middle)


def _swap_neighbours(layers: list[list[Box]], near: _Near) -> None:
    for number, layer in enumerate(layers):
        around = layers[max(0, number - 1) : number + 2]
        for n in range(len(layer) - 1):
            before = _crossings(around, near)
            layer[n], layer[n + 1] = layer[n + 1], layer[n]
            if _crossings(around, near) >= before:
                layer[n], layer[n + 1] = layer[n + 1], layer[n]


def _crossings(layers: Sequence[Sequence[Box]], near: _Near) -> int:
    return sum(_crossings_between(*pair, near) for pair in pairwise(layers))


def _crossings_between(above: Sequence[Box], below: Sequence[Box], near: _Near) -> int:
    place = {box.name: n for n, box in enumerate(below)}
    ends = [
        end
        for box in above
        for end in sorted(place[each.name] for each in near[box.name][1] if each.name in place)
    ]
    return sum(a > b for n, a in enumerate(ends) for b in ends[n + 1 :])


# -- places ---------------------------------------------------------------------------------------


def _move_sideways(layers: list[list[Box]], near: _Near) -> None:
    for layer in layers:
        _settle(layer, [0.0] * len(layer))
    for turn in range(_MOVES):
        for layer in layers if turn % 2 == 0 else reversed(layers):
            wanted = [_wanted(box, near, is_down=turn % 2 == 0) for box in layer]
            _settle(layer, wanted)


def _wanted(box: Box, near: _Near, *, is_down: bool) -> float:
    """Near those it is tied to; the points of a long arrow stand in line."""
    above, below = near[box.name]
    first, second = (above, below) if is_down else (below, above)
    in_line = [each for each in first if each.is_point] if box.is_point else []
    tied = in_line or first or second
    return fmean(each.x for each in tied) if tied else box.x


def _settle(layer: Sequence[Box], wanted: Sequence[float]) -> None:
    """As near to where they want as their order and widths let them: least squares, by pools."""
    offsets, at = [], 0.0
    for left, right in pairwise([None, *layer]):
        at += (left.width / 2 + right.width / 2 + SIDE_GAP) if left and right else 0.0
        offsets.append(at)
    pools: list[tuple[float, float]] = []
    for box, wish, offset in zip(layer, wanted, offsets, strict=True):
        weight = 4.0 if box.is_point else 1.0
        total, sum_ = weight, weight * (wish - offset)
        while pools and pools[-1][1] / pools[-1][0] > sum_ / total:
            more, more_sum = pools.pop()
            total, sum_ = total + more, sum_ + more_sum
        pools.append((total, sum_))
    _place(layer, offsets, pools)


def _place(
    layer: Sequence[Box], offsets: Sequence[float], pools: Sequence[tuple[float, float]]
) -> None:
    boxes = iter(zip(layer, offsets, strict=True))
    for total, sum_ in pools:
        left = total
        while left > 0:
            box, offset = next(boxes)
            box.x = sum_ / total + offset
            left -= 4.0 if box.is_point else 1.0


def _measured(
    boxes: Mapping[str, Box], arrows: Sequence[Arrow], layers: Sequence[Sequence[Box]]
) -> Drawing:
    every = [box for layer in layers for box in layer]
    shift = min(box.x - box.width / 2 for box in every)
    y = 0.0
    for layer in layers:
        height = max(box.height for box in layer)
        for box in layer:
            box.x, box.y, box.room = box.x - shift, y + height / 2, height
        y += height + LAYER_GAP
    for arrow in arrows:
        if arrow.is_turned:
            arrow.path.reverse()
    width = max(box.x + box.width / 2 for box in every)
    return Drawing(boxes, arrows, width, y - LAYER_GAP)
