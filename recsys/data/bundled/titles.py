"""Readable titles from the shop's descriptions, which are in capitals, abbreviated and cut at 35 letters."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

#: Words that are not written with a capital inside a title.
_SMALL: Final = frozenset(
    ["a", "and", "as", "at", "by", "de", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
)
_CAPITALS: Final = frozenset(
    [
        "A4",
        "A5",
        "A6",
        "A7",
        "ABC",
        "BBQ",
        "CD",
        "DIY",
        "DOF",
        "DVD",
        "LED",
        "TV",
        "UK",
        "US",
        "USA",
        "VIP",
        "WC",
        "XL",
    ]
)
_SHORT_FORMS: Final = {
    "ant": "antique",
    "ass": "assorted",
    "asst": "assorted",
    "asstd": "assorted",
    "assted": "assorted",
    "b'fly": "butterfly",
    "b'draw": "bottom-drawer",
    "blk/whit": "black/white",
    "c/cover": "cushion cover",
    "cand": "candle",
    "candl": "candle",
    "choc": "chocolate",
    "col": "colour",
    "d.o.f": "DOF",
    "decora": "decoration",
    "decoratn": "decoration",
    "des": "design",
    "garld": "garland",
    "hldr": "holder",
    "knif": "knife",
    "lt": "light",
    "lt.blue": "light blue",
    "m/colour": "multicolour",
    "m.o.p": "mother-of-pearl",
    "med": "medium",
    "mop": "mother-of-pearl",
    "nat": "natural",
    "neckl": "necklace",
    "necklac": "necklace",
    "p'weight": "paperweight",
    "rnd": "round",
    "sil't": "silhouette",
    "squ": "square",
    "turq": "turquoise",
    "turquois": "turquoise",
    "vint": "vintage",
    "w": "with",
    "wht": "white",
}
_SPELLING: Final = {
    "cakestand": "cake stand",
    "candleholder": "candle holder",
    "ade": "aid",
    "cinammon": "cinnamon",
    "crhistmas": "christmas",
    "fuschia": "fuchsia",
    "nightlight": "night light",
    "pannetone": "panettone",
    "sandlewood": "sandalwood",
    "skippping": "skipping",
    "squarecushion": "square cushion",
    "stopmetal": "stop metal",
    "strawbery": "strawberry",
    "vippassport": "VIP passport",
}
#: Whole-text rules, applied in this order to the description in capitals.
_RULES: Final = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"\bDECO\.\s*"), "DECO "),
    (re.compile(r"\bNECKL\.?(?=\d|\b)"), "NECKLACE "),
    (re.compile(r"\b(?:SET|S)\s?/\s?(\d+)"), r"SET OF \1"),
    (re.compile(r"\bSET\s?OF\s?(\d)"), r"SET OF \1"),
    (re.compile(r"\bSET(\d+)\b"), r"SET OF \1"),
    (re.compile(r"\bSET (\d+) (?!(?:PIECE|PCS?|TIER)\b)"), r"SET OF \1 "),
    (re.compile(r"\b(PACK|BOX)\s?/\s?(\d+)"), r"\1 OF \2"),
    (re.compile(r"\bW/\s?"), "WITH "),
    (re.compile(r"\s*\+\s*"), " & "),
    (
        re.compile(r"(\d+) ?X ?(\d+)(?: ?X ?(\d+))? ?CM\b", re.IGNORECASE),
        lambda m: "x".join(filter(None, m.groups())) + "cm",
    ),
    (re.compile(r"(\d+) ?CM ?X ?(\d+) ?CM\b", re.IGNORECASE), r"\1x\2cm"),
    (re.compile(r"\s*,\s*"), ", "),
    (re.compile(r'(?<=\d)"(?=[A-Z])'), '" '),
    (re.compile(r'(?<=[A-Z])"(?=[A-Z])'), ' "'),
    (re.compile(r"(?<=\d)LIGHT\b"), " LIGHT"),
    (re.compile(r"(?<=[A-Z])\("), " ("),
    (re.compile(r" [./] "), " "),
    (re.compile(r"\s+"), " "),
)
#: The source cuts descriptions at 35 letters, spaces at the ends included.
_CUT_AT: Final = 34
_MEASURE = re.compile(r"\d+(?:[.x]\d+)*(?:CM|MM|G)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9'.]+")
_GOOD = re.compile(r"[A-Z]{3}")


def best_description(descriptions: Counter[str]) -> str | None:
    """The most frequent description that names a product, of equally frequent ones the first by the alphabet.

    Notes of the warehouse ("damaged", "?", "wrongly coded") are in small letters or hold no word; None if there is
    nothing else.
    """
    good = [(-count, text) for text, count in descriptions.items() if _GOOD.search(text) and "?" not in text]
    return min(good)[1] if good else None


def title_of(description: str) -> str:
    """Title for people: no capitals throughout, no abbreviations that we know, no odd spaces, no stop at the end."""
    text = _whole(" ".join(description.upper().split()))
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = text.strip(" ,.-/&")
    words = " ".join(_spelled(word) for word in text.split(" ")).split(" ")
    return " ".join(_cased(word, first=index == 0) for index, word in enumerate(words))


def _whole(text: str) -> str:
    """`text` without the letter or two that the source's limit left of its last word."""
    return re.sub(r"(?: &)? [A-Z]{1,2}$", "", text) if len(text) >= _CUT_AT else text


def _spelled(word: str) -> str:
    """`word` in small letters, its parts between slashes spelled out."""
    parts = [word] if word.strip(",").lower() in _SHORT_FORMS else word.split("/")
    return "/".join(_spelled_part(part) for part in parts)


def _spelled_part(part: str) -> str:
    end = "," if part.endswith(",") else ""
    plain = part.removesuffix(",").lower()
    plain = plain.rstrip(".") if plain not in _SHORT_FORMS else plain
    return (_SHORT_FORMS.get(plain) or _SPELLING.get(plain) or plain) + end


def _cased(word: str, *, first: bool) -> str:
    if word in _SMALL and not first:
        return word
    if "-" in word:
        return "-".join(
            _cased(part, first=first and index == 0) for index, part in enumerate(word.split("-"))
        )
    return _WORD.sub(lambda match: _cased_part(match.group()), word)


def _cased_part(part: str) -> str:
    if part.upper() in _CAPITALS:
        return part.upper()
    if _MEASURE.fullmatch(part):
        return part.lower()
    if re.fullmatch(r"\d+[a-z]", part):
        return part.upper()
    if part.startswith("d'") and len(part) > 3:
        return "d'" + part[2:].capitalize()
    if part.startswith("'"):
        return "'" + part[1:].capitalize()
    return part[:1].upper() + part[1:]
