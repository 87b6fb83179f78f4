"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128)."""

from __future__ import annotations

from collections.abc import Iterable


def pack(numbers: Iterable[int]) -> bytes:
    """The numbers end to end; each is 0 or more."""
    return b"".join([_SHORT[number] if number < _TABLED else pack_one(number) for number in numbers])


def pack_one(number: int) -> bytes:
    """One number, 0 or more."""
    if number < _TABLED:
        return _SHORT[number]
    rest = number >> 14
    if rest < _TABLED:
        return _BEGUN[number & _TABLED - 1] + _SHORT[rest]
    return _BEGUN[number & _TABLED - 1] + _BEGUN[rest & _TABLED - 1] + pack_one(rest >> 14)


_TABLED = 1 << 14
_BEGUN = tuple(bytes((number & 0x7F | 0x80, number >> 7 | 0x80)) for number in range(_TABLED))
"""Two bytes each, after which more follow."""
_SHORT = tuple(
    bytes((number,)) if number < 0x80 else bytes((number & 0x7F | 0x80, number >> 7))
    for number in range(_TABLED)
)
"""One and two bytes, which nearly all of a cursor's numbers need."""


def unpack(packed: bytes) -> list[int]:
    """The numbers that `pack` was given. Raises ValueError when the last one is cut off."""
    numbers: list[int] = []
    value = shift = 0
    for byte in packed:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    if shift:
        raise ValueError("the last number is cut off")
    return numbers
