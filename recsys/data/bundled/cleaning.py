"""From the invoice lines of "Online Retail" to the purchases that we ship."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

#: A merchandise code: five digits and perhaps letters for a variant; postage, fees and vouchers look different.
_MERCHANDISE = re.compile(r"\d{5}[A-Z]*")
#: Services that carry a merchandise code.
_SERVICES = frozenset({"HIGH RESOLUTION IMAGE", "NEXT DAY CARRIAGE", "PACKING CHARGE"})
#: Country names of the source that are abbreviations, or no country.
COUNTRIES = {
    "EIRE": "Ireland",
    "RSA": "South Africa",
    "USA": "United States",
    "European Community": None,
    "Unspecified": None,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice. `time` is UTC; `customer` is None for a sale without a customer."""

    invoice: str
    code: str
    description: str
    quantity: int
    time: datetime
    price: float
    customer: str | None
    country: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one order holds of one item, after cancellations. `value` in pounds sterling."""

    customer: str
    code: str
    time: datetime
    order: str
    quantity: int
    value: float
    market: str | None


def merchandise(lines: Iterable[Line]) -> list[Line]:
    """Lines of customers who bought, or sent back, merchandise; codes in capitals."""
    kept = (replace(line, code=line.code.strip().upper()) for line in lines if line.customer is not None)
    return [
        line
        for line in kept
        if _MERCHANDISE.fullmatch(line.code) and line.description.strip().upper() not in _SERVICES
    ]


def net_of_cancellations(lines: Sequence[Line]) -> list[Line]:
    """Sales with a price, less what was cancelled; sales that were cancelled whole are gone.

    A cancellation (an invoice that begins with C, a negative quantity) is taken from the same customer's sales of the
    same item up to that moment, the latest first. What exceeds them was sold before the data begin, and is dropped.
    """
    sales: defaultdict[tuple[str | None, str], list[int]] = defaultdict(list)
    left = [line.quantity for line in lines]
    by_time = sorted(range(len(lines)), key=lambda index: (lines[index].time, lines[index].quantity < 0))
    for index in by_time:
        line = lines[index]
        earlier = sales[line.customer, line.code]
        if _is_sale(line):
            earlier.append(index)
        elif line.quantity < 0:
            _take_back(-line.quantity, earlier, left)
    return [
        replace(line, quantity=quantity)
        for line, quantity in zip(lines, left, strict=True)
        if _is_sale(line) and quantity > 0
    ]


def purchases(lines: Iterable[Line]) -> list[Purchase]:
    """One purchase for each customer, item, moment and order: quantities and values of equal lines are added up.

    Lines without a customer are left out. The result is sorted by time, order, customer and code.
    """
    merged: dict[tuple[str, str, datetime, str], tuple[int, float, str | None]] = {}
    for line in lines:
        if line.customer is None:
            continue
        key = (line.customer, line.code, line.time, line.invoice)
        quantity, value, _market = merged.get(key, (0, 0.0, None))
        market = COUNTRIES.get(line.country, line.country)
        merged[key] = (quantity + line.quantity, value + line.quantity * line.price, market)
    bought = [
        Purchase(customer, code, time, order, quantity, round(value, 2), market)
        for (customer, code, time, order), (quantity, value, market) in merged.items()
    ]
    return sorted(bought, key=lambda one: (one.time, one.order, one.customer, one.code))


def _is_sale(line: Line) -> bool:
    return line.quantity > 0 and line.price > 0 and not line.invoice.startswith("C")


def _take_back(quantity: int, earlier: list[int], left: list[int]) -> None:
    for index in reversed(earlier):
        taken = min(quantity, left[index])
        left[index] -= taken
        quantity -= taken
        if not quantity:
            return
