"""Drawn tiles: the picture of an item that has none.

Pattern and colours come from a hash of the item's id, so that the same item always looks the same; the letter is
the title's first. Plain SVG attributes only, because the Content-Security-Policy allows no style attribute.
"""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Callable
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 200, 116
_LETTER_SIZE = 44


class Palette(NamedTuple):
    """The four colours of a tile, as `#rrggbb`: the ground, two for the pattern, and the letter's."""

    ground: str
    first: str
    second: str
    letter: str


def drawn_tile(item_id: str, title: str) -> Markup:
    """The tile of an item as an inline SVG of 200 by 116 units; it is decoration and hidden from screen readers."""
    digest = hashlib.blake2b(item_id.encode("utf-8", "replace"), digest_size=8).digest()
    palette = _palette(digest)
    pattern = _PATTERNS[digest[4] % len(_PATTERNS)](palette, digest[5])
    return Markup(  # noqa: S704 - everything but the letter is drawn from numbers, and the letter is escaped
        f'<svg class="tile-art" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice" '
        f'aria-hidden="true" focusable="false"><rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>'
        f'{pattern}<circle cx="100" cy="58" r="34" fill="#fff" fill-opacity=".88"/>'
        f'<text x="100" y="73" text-anchor="middle" font-family="Georgia, \'Times New Roman\', serif" '
        f'font-size="{_LETTER_SIZE}" fill="{palette.letter}">{escape(initial(title, item_id))}</text></svg>'
    )


def initial(title: str, item_id: str) -> str:
    """The first letter or digit of the title, else of the id, as a capital; a dot when there is neither."""
    found = next((character for character in f"{title}{item_id}" if character.isalnum()), "·")
    # Some letters have capitals of several characters ("ß" becomes "SS"), which would not fit the circle.
    return found.upper() if len(found.upper()) == 1 else found


def _palette(digest: bytes) -> Palette:
    hue = digest[0] / 256
    # A near hue looks related, an opposite one lively; both are kept from clashing by the low saturation.
    other = (hue + (0.08, 0.16, -0.1, 0.5)[digest[1] % 4]) % 1
    return Palette(
        _colour(hue, 0.88, 0.42),
        _colour(hue, 0.66 + digest[2] % 8 / 100, 0.42),
        _colour(other, 0.72 + digest[3] % 8 / 100, 0.40),
        _colour(hue, 0.27, 0.52),
    )


def _colour(hue: float, lightness: float, saturation: float) -> str:
    channels = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _dots(palette: Palette, variant: int) -> str:
    # A dash of no length with round ends is a dot: one path draws a whole line of them.
    radius = 11 + variant % 6
    rows = (
        (y, 8 if odd else 24, palette.first if odd else palette.second)
        for odd, y in ((i % 2, 10 + 24 * i) for i in range(5))
    )
    return "".join(
        f'<path d="M{x} {y}H216" fill="none" stroke="{colour}" stroke-width="{radius + (5 if x > 8 else 0)}" '
        f'stroke-linecap="round" stroke-dasharray="0 32"/>'
        for y, x, colour in rows
    )


def _stripes(palette: Palette, variant: int) -> str:
    lean, width = (116, -116, 58, 0)[variant % 4], 9 + variant % 5
    first = "".join(f"M{x} 116l{lean} -116" for x in range(-120, 330, 44))
    second = "".join(f"M{x} 116l{lean} -116" for x in range(-98, 330, 44))
    return _lines(first, palette.first, width) + _lines(second, palette.second, width)


def _arches(palette: Palette, variant: int) -> str:
    centre = (100, 40, 160)[variant % 3]
    rings = (
        (radius, palette.first if i % 2 else palette.second) for i, radius in enumerate(range(22, 200, 28))
    )
    return "".join(
        f'<circle cx="{centre}" cy="124" r="{radius}" fill="none" stroke="{colour}" stroke-width="13"/>'
        for radius, colour in rings
    )


def _diamonds(palette: Palette, variant: int) -> str:
    size = 12 + variant % 5
    shapes = {palette.first: "", palette.second: ""}
    for row, y in enumerate(range(0, 140, 30)):
        for column, x in enumerate(range(-4, 220, 34)):
            colour = palette.first if (row + column) % 2 else palette.second
            shapes[colour] += f"M{x} {y - size}l{size} {size}l-{size} {size}l-{size} -{size}z"
    return "".join(f'<path d="{path}" fill="{colour}"/>' for colour, path in shapes.items())


def _waves(palette: Palette, variant: int) -> str:
    height = 8 + variant % 7
    wave = f"q12.5 -{height * 2} 25 0t25 0t25 0t25 0t25 0t25 0t25 0t25 0t25 0"
    first = "".join(f"M-12 {y}{wave}" for y in range(8, 150, 36))
    second = "".join(f"M-24 {y}{wave}" for y in range(26, 150, 36))
    return _lines(first, palette.first, 9) + _lines(second, palette.second, 6)


def _plaid(palette: Palette, variant: int) -> str:
    step = 36 + variant % 3 * 8
    down = "".join(f"M{x} 0V116" for x in range(14, 220, step))
    across = "".join(f"M0 {y}H200" for y in range(12, 130, step))
    thin = "".join(f"M{x} 0V116" for x in range(14 + step // 2, 220, step))
    return (
        _lines(down, palette.first, 15, 0.75)
        + _lines(across, palette.second, 15, 0.75)
        + _lines(thin, palette.letter, 1.5)
    )


def _petals(palette: Palette, variant: int) -> str:
    turn = variant % 2 * 18
    paths = {palette.first: "", palette.second: ""}
    for row, y in enumerate(range(6, 130, 36)):
        for column, x in enumerate(range(turn - 10, 230, 40)):
            colour = palette.first if (row + column) % 2 else palette.second
            paths[colour] += f"M{x} {y - 15}q13 15 0 30q-13 -15 0 -30M{x - 15} {y}q15 13 30 0q-15 -13 -30 0"
    return "".join(f'<path d="{path}" fill="{colour}"/>' for colour, path in paths.items())


def _lines(path: str, colour: str, width: float, opacity: float = 1) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"/>'
    )


_PATTERNS: tuple[Callable[[Palette, int], str], ...] = (
    _dots,
    _stripes,
    _arches,
    _diamonds,
    _waves,
    _plaid,
    _petals,
)
