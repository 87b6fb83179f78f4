"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128)."""

from __future__ import annotations

from collections.abc import Iterable


def pack(numbers: Iterable[int]) -> bytes:
    """The numbers end to end; each is 0 or more."""
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


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
