"""The laws of the merge said a second time, item by item and pair by pair: the oracle of the property tests.

Nothing here calls the code that is under test; only values (items, selectors, windows) are shared with it.
"""

from __future__ import annotations

from hashlib import blake2b

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.rules import Boost, Pin, RowSettings, Theme, ThemeOrder, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from support.strategies import KEY, Scene


def row_of(scene: Scene) -> RowSettings:
    """The settings of the row asked for."""
    asked = scene.request
    if asked.surface is None:
        return RowSettings(name=asked.row)
    surface = next(rule for rule in scene.rules if rule.id == f"surface-{asked.surface}")
    return next(row for row in surface.rows if row.name == asked.row)


def covers(target: Target, item: Item, scene: Scene) -> bool:
    """Whether a target covers an item at the moment of the request."""
    if target.item_id is not None:
        return target.item_id == item.item_id
    return target.selector.matches(item, scene.request.at)


def scope_holds(scope: Scope, scene: Scene) -> bool:
    """Law 2: every part that is given matches."""
    asked = scene.request
    context = [scene.catalog.items[each] for each in asked.context if each in scene.catalog.items]
    selector = scope.context_selector
    fails = {
        "surface": scope.surface is not None and scope.surface != asked.surface,
        "row": scope.row is not None and scope.row != asked.row,
        "market": scope.market is not None and scope.market != asked.market,
        "user": scope.user is not None and scope.user != asked.user,
        "segment": scope.segment is not None and scope.segment not in asked.segments,
        "context item": scope.context_item is not None and scope.context_item not in asked.context,
        "context": selector is not None
        and not [each for each in context if selector.matches(each, asked.at)],
    }
    return not any(fails.values())


def left_out(rule: Pin | Boost, scene: Scene) -> bool:
    """Law 2: in the rule's holdout, by a keyed hash of rule and user, else session."""
    asked = scene.request
    shopper = asked.session if asked.user is None else asked.user
    if shopper is None:
        return False
    digest = blake2b(f"{rule.id}\0{shopper}".encode(), key=KEY, digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 < rule.holdout


def acts(rule: Pin | Boost, scene: Scene) -> bool:
    """Laws 2 and 11: a pin or boost that is live for the request and not switched off by it."""
    asked = scene.request
    personal = rule.scope.user is not None or rule.scope.segment is not None
    return (
        asked.rules
        and not rule.paused
        and rule.window.holds(asked.at)
        and scope_holds(rule.scope, scene)
        and (asked.personalised or not personal)
        and not left_out(rule, scene)
    )


def vetoes_on(item: Item, scene: Scene) -> list[Veto]:
    """The vetoes that bar an item; no switch lifts them."""
    return [
        rule
        for rule in scene.rules
        if isinstance(rule, Veto)
        and not rule.paused
        and rule.window.holds(scene.request.at)
        and scope_holds(rule.scope, scene)
        and covers(rule.target, item, scene)
    ]


def why_not(item_id: ItemId, scene: Scene) -> set[str]:
    """Law 1: every ground on which an item is not eligible; empty for an eligible one."""
    item = scene.catalog.items.get(item_id)
    if item is None:
        return {"not in the catalog"}
    asked, known = scene.request, scene.candidates
    price = item.price
    grounds = {
        "not available": not item.available or (item.stock is not None and item.stock <= 0),
        "not sold here": bool(asked.market and item.markets and asked.market not in item.markets),
        "taken down": any(covers(target, item, scene) for target in scene.catalog.takedowns),
        "vetoed": bool(vetoes_on(item, scene)),
        "disliked": item_id in known.disliked,
        "excluded": item_id in asked.exclude,
        "the context itself": item_id in asked.context,
        "owned": not row_of(scene).repeats and (item_id in known.owned or item_id in asked.items),
        "tag": bool(asked.tags) and not set(asked.tags) & set(item.tags),
        "too cheap": asked.price_min is not None and (price is None or price < asked.price_min),
        "too dear": asked.price_max is not None and (price is None or price > asked.price_max),
    }
    return {ground for ground, holds in grounds.items() if holds}


def eligible(item_id: ItemId, scene: Scene) -> bool:
    """Law 1."""
    return not why_not(item_id, scene)


def beats(one: Pin, other: Pin) -> bool:
    """Law 3: whether one pin goes before another for the same slot."""
    if (one.item_id is None) != (other.item_id is None):
        return one.item_id is not None
    if one.priority != other.priority:
        return one.priority > other.priority
    for part in ("user", "segment", "context_item", "context_selector", "market", "row", "surface"):
        given, also = getattr(one.scope, part) is not None, getattr(other.scope, part) is not None
        if given != also:
            return given
    if one.published != other.published:
        return one.published > other.published
    return one.id < other.id


def live_pins(scene: Scene) -> list[Pin]:
    """The pins that act on the request."""
    return [rule for rule in scene.rules if isinstance(rule, Pin) and acts(rule, scene)]


def factor(item_id: ItemId, scene: Scene) -> float:
    """Law 6: strongest boost times strongest bury."""
    item = scene.catalog.items.get(item_id)
    live = [rule for rule in scene.rules if isinstance(rule, Boost) and acts(rule, scene)]
    factors = [rule.factor for rule in live if item is not None and covers(rule.target, item, scene)]
    strongest_boost = max((each for each in factors if each > 1), default=1.0)
    strongest_bury = min((each for each in factors if each < 1), default=1.0)
    return strongest_boost * strongest_bury


def tiers(scene: Scene) -> list[tuple[str, dict[ItemId, float]]]:
    """Laws 6 and 8: where organic items come from, first to last, each with its scores."""
    asked, known = scene.request, scene.candidates
    found: list[tuple[str, dict[ItemId, float]]] = []
    if asked.context:
        found.append(("beside", dict(known.neighbours)))
    if asked.personalised:
        again = known.again if row_of(scene).repeats else {}
        found.append(("own", {**known.own, **again}))
    if row_of(scene).fills_up:
        if asked.market is not None:
            found.append(("popular here", dict(known.popular_in.get(asked.market, {}))))
        found.append(("popular", dict(known.popular_in.get(None, {}))))
        found.append(("rest", dict.fromkeys(scene.catalog.items, 1.0)))
    return found


def place(item_id: ItemId, scene: Scene) -> tuple[int, float, str] | None:
    """An item's sort key in the organic order: tier, then score times factor, then id; None: in no tier."""
    for number, (_, scored) in enumerate(tiers(scene)):
        if item_id in scored:
            return number, -scored[item_id] * factor(item_id, scene), item_id
    return None


def organic_order(scene: Scene) -> list[ItemId]:
    """Every eligible item that some tier holds, in organic order, before the group limit."""
    placed = [(key, each) for each in scene.catalog.items if (key := place(each, scene)) is not None]
    return [each for _, each in sorted(placed) if eligible(each, scene)]


def group_of(item_id: ItemId, scene: Scene) -> str | None:
    """The item's group, None for none."""
    return scene.catalog.items[item_id].group_id


def within_group_limit(order: list[ItemId], scene: Scene) -> list[ItemId]:
    """The order without the items that have `group_limit` of their group above them."""
    limit, kept = row_of(scene).group_limit, []
    for each in order:
        group = group_of(each, scene)
        before = [one for one in kept if group is not None and group_of(one, scene) == group]
        if limit == 0 or len(before) < limit:
            kept.append(each)
    return kept


def theme_of(scene: Scene, rule_id: str | None) -> Theme:
    """The theme with that rule id."""
    return next(rule for rule in scene.rules if rule.id == rule_id and isinstance(rule, Theme))


def member_key(theme: Theme, item_id: ItemId, scene: Scene) -> tuple[int, float, float, str] | None:
    """Law 5: a member's sort key in the theme's own order for this shopper; None: not a member."""
    item = scene.catalog.items.get(item_id)
    picks = [each for each in theme.picks if each not in theme.excluded]
    ruled = item is not None and theme.selector is not None and theme.selector.matches(item, scene.request.at)
    if item_id in theme.excluded or not (item_id in picks or ruled):
        return None
    head = {
        ThemeOrder.BY_HAND: len(picks),
        ThemeOrder.MODEL: 0,
        ThemeOrder.HEAD_THEN_MODEL: len(picks) if theme.head is None else theme.head,
    }[theme.order]
    if item_id in picks[:head]:
        return 0, picks.index(item_id), 0.0, item_id
    vector = scene.candidates.vector if scene.request.personalised else None
    if theme.order is not ThemeOrder.BY_HAND and vector is not None and item_id in vector:
        return 1, -vector[item_id], 0.0, item_id
    popular = scene.candidates.popular_in.get(scene.request.market, {})
    return 2, -popular.get(item_id, 0.0), 0.0, item_id
