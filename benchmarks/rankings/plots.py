"""Plots as SVG, drawn by hand: a dot a model on a common scale, with a whisker where there is an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, STEP = 760, 250, 70, 46, 26
OURS, WINNER, THEIRS, INK, FAINT = "#2f6f8f", "#b4452c", "#8a8a8a", "#222222", "#dddddd"


class Dot(NamedTuple):
    """One line of a plot; `kind` is ``winner``, ``ours`` or ``theirs``."""

    label: str
    value: float
    interval: tuple[float, float] | None
    kind: str


def dot_plot(title: str, axis: str, dots: Sequence[Dot]) -> str:
    """Draw dots best first; the scale begins at 0, so that lengths can be compared."""
    top = max([each.value for each in dots] + [each.interval[1] for each in dots if each.interval])
    step = _nice(top / 5)
    ticks = [step * n for n in range(math.ceil(top / step) + 1)]
    height = TOP + STEP * len(dots) + 44
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
    parts = [
        f'<svg {head} font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="15" font-weight="600" fill="{INK}">{escape(title)}</text>',
        *_scale(ticks, axis, height),
        *(line for place, each in enumerate(dots) for line in _row(each, place, ticks[-1])),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _nice(raw: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((power * each for each in (1, 2, 5) if power * each >= raw), power * 10)


def _x(value: float, most: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * value / most, 1)


def _scale(ticks: Sequence[float], axis: str, height: int) -> Iterator[str]:
    bottom = height - 40
    for tick in ticks:
        x = _x(tick, ticks[-1])
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{bottom}" stroke="{FAINT}"/>'
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle" fill="{INK}">{tick:.3g}</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{height - 8}" text-anchor="end" fill="{INK}">{escape(axis)}</text>'


def _row(dot: Dot, place: int, most: float) -> Iterator[str]:
    y = TOP + STEP * place + STEP // 2
    colour = {"winner": WINNER, "ours": OURS}.get(dot.kind, THEIRS)
    weight = ' font-weight="600"' if dot.kind == "winner" else ""
    yield f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" fill="{INK}"{weight}>{escape(dot.label)}</text>'
    if dot.interval:
        low, high = (_x(bound, most) for bound in dot.interval)
        yield f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
    fill = "#ffffff" if dot.kind == "theirs" else colour
    yield f'<circle cx="{_x(dot.value, most)}" cy="{y}" r="4.5" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'
    yield f'<text x="{WIDTH - RIGHT + 16}" y="{y + 4}" fill="{INK}">{dot.value:.4f}</text>'
