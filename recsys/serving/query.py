"""A query string, taken apart strictly."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from recsys.serving.problems import FieldError, bad_request

MAX_PAIRS = 1_000
_SHOWN = 60


def split_query(query: str) -> dict[str, list[str]]:
    """The values of each name, in the order given.

    Raises `Problem` (400) for text that is not UTF-8 and for more than `MAX_PAIRS` values.
    """
    pairs = [pair for pair in query.split("&") if pair]
    if len(pairs) > MAX_PAIRS:
        raise bad_request([FieldError("query", f"holds {len(pairs)} values; send at most {MAX_PAIRS:,}")])
    values: dict[str, list[str]] = {}
    wrong: list[FieldError] = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            values.setdefault(_decoded(name), []).append(_decoded(value))
        except UnicodeDecodeError:
            wrong.append(FieldError(shortened(name), "is not UTF-8 text; percent-encode it as UTF-8"))
    if wrong:
        raise bad_request(wrong)
    return values


def shortened(text: str) -> str:
    """A name from outside, fit to be repeated in an answer."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _decoded(text: str) -> str:
    if text.isascii() and "%" not in text and "+" not in text:
        return text
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
