"""Which pin holds which slot: item pins choose first, theme pins among what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recsys.domain.eligibility import Test
from recsys.domain.ids import ItemId
from recsys.domain.live import theme_is_live
from recsys.domain.requests import Request
from recsys.domain.rules import Pin, Theme
from recsys.domain.themes import theme_order
from recsys.domain.views import CandidatesView, CatalogView, ThemesView


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that a pin fills, with the item, and the theme that it came from."""

    pin: Pin
    item_id: ItemId
    theme: Theme | None = None


def precedence(pin: Pin) -> tuple[int, tuple[bool, ...], int, str]:
    """Sorts the pins of one slot, the winner first.

    Priority, then specificity, then the latest publication of the present content, then the lowest id.
    """
    fewer = tuple(not part for part in pin.scope.specificity())
    return (-pin.priority, fewer, -pin.published, pin.id)


def resolve_slots(
    pins: Iterable[Pin],
    candidates: CandidatesView,
    rules: ThemesView,
    request: Request,
    catalog: CatalogView,
    eligible: Test,
) -> dict[int, Held]:
    """The slots that pins fill, by slot, ascending.

    An ineligible winner yields to the next pin for its slot. An item pinned twice keeps the lower
    slot. A theme gives its first eligible member that no other pin holds.
    """
    by_slot: dict[int, list[Pin]] = defaultdict(list)
    for pin in pins:
        by_slot[pin.slot].append(pin)
    ordered = {slot: sorted(by_slot[slot], key=precedence) for slot in sorted(by_slot)}
    held: dict[int, Held] = {}
    taken: set[ItemId] = set()
    for slot, contenders in ordered.items():
        for pin in contenders:
            if pin.item_id is not None and pin.item_id not in taken and eligible(pin.item_id):
                held[slot] = Held(pin, pin.item_id)
                taken.add(pin.item_id)
                break
    orders = _Orders(candidates, rules, request, catalog)
    themed = dict(_theme_slots(ordered, held, taken, orders, eligible))
    return dict(sorted({**held, **themed}.items()))


class _Orders:
    """The order of each theme, worked out at most once a request."""

    def __init__(
        self, candidates: CandidatesView, rules: ThemesView, request: Request, catalog: CatalogView
    ) -> None:
        self._parts = candidates, catalog, request
        self._rules, self._at = rules, request.at
        self._known: dict[str, list[ItemId]] = {}

    def of(self, pin: Pin) -> tuple[Theme, list[ItemId]] | None:
        theme = self._rules.theme(pin.theme) if pin.theme is not None else None
        if theme is None or not theme_is_live(theme, self._at):
            return None
        if theme.id not in self._known:
            self._known[theme.id] = theme_order(theme, *self._parts)
        return theme, self._known[theme.id]


def _theme_slots(
    ordered: dict[int, list[Pin]], held: dict[int, Held], taken: set[ItemId], orders: _Orders, eligible: Test
) -> Iterator[tuple[int, Held]]:
    for slot, contenders in ordered.items():
        if slot in held:
            continue
        for pin in contenders:
            found = orders.of(pin)
            if found is None:
                continue
            theme, order = found
            first = next((each for each in order if each not in taken and eligible(each)), None)
            if first is not None:
                taken.add(first)
                yield slot, Held(pin, first, theme)
                break
