"""Numbers in words: grouped, with their unit."""

from __future__ import annotations

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "CHF": "CHF ", "PLN": "PLN "}
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "ISK", "CLP", "VND"})
NARROW_SPACE = "\u202f"


def price_words(price: float | None, currency: str | None) -> str:
    """“£12.75”, “2,500.00 SEK”; the empty string when there is no price."""
    if price is None:
        return ""
    amount = f"{price:,.0f}" if currency in _WITHOUT_CENTS else f"{price:,.2f}"
    if currency is None:
        return amount
    return f"{_SIGNS[currency]}{amount}" if currency in _SIGNS else f"{amount} {currency}"


def number(value: float | None, digits: int = 0) -> str:
    """“12,345”, with `digits` decimals; a dash when there is none."""
    return "—" if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 1 as “41 %”, with a space that does not break."""
    return "—" if share is None else f"{share * 100:.{digits}f}{NARROW_SPACE}%"


def signed(value: float | None, digits: int = 3) -> str:
    """“+0.012”, “−0.003”, “±0.000”: a difference with its sign, the minus as wide as the plus."""
    if value is None:
        return "—"
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return f"±{text}"
    return f"+{text}" if value > 0 else f"−{text}"
