"""The catalog: putting items in their place, and finding them by id.

The serving process uses this module, so nothing here may lead to the readers of files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace

from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.ids import check_id
from recsys.domain.people import Actor, Permission
from recsys.services.shop import Deed, Shop, acting
from recsys.storage.items import Upserted

_NAMED = 20
_TEXTS = tuple(
    each.name for each in fields(Item) if "str" in str(each.type) and "Mapping" not in str(each.type)
)


def upsert_items(shop: Shop, actor: Actor, items: Iterable[Item]) -> Upserted:
    """Add items, and overwrite those that differ; of items with the same id the last one counts.

    Rows that do not differ keep their revision; when none does, nothing moves.

    Raises:
        Invalid: naming the field, when an id is none or a text cannot be stored; nothing is written then.
    """
    wanted = list(items)
    for item in wanted:
        _check_item(item)
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        return _write(deed, wanted, "catalog.upsert")


def revise_items(
    shop: Shop,
    actor: Actor,
    item_ids: Collection[str],
    revise: Callable[[Mapping[str, Item]], Iterable[Item]],
) -> Upserted:
    """Write what `revise` makes of the items of those ids that the catalog has, by id.

    Reading and writing are one transaction, so that no change made in between is lost. What `revise`
    raises leaves everything as it was.

    Raises:
        Invalid: as `upsert_items`.
    """
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        wanted = list(revise(deed.unit.items.get(item_ids)))
        for item in wanted:
            _check_item(item)
        return _write(deed, wanted, "catalog.upsert")


def set_availability(shop: Shop, actor: Actor, item_ids: Collection[str], available: bool) -> Upserted:
    """Say of items that they are available, or that they are not.

    Raises:
        NotFound: when the catalog lacks one of them; nothing is written then.
    """
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        found = deed.unit.items.get(item_ids)
        missing = sorted(set(item_ids) - set(found))
        if missing:
            raise NotFound("item", f"The catalog has no item “{missing[0]}”.")
        wanted = [replace(item, available=available) for item in found.values()]
        return _write(deed, wanted, "catalog.availability")


def find_items(shop: Shop, item_ids: Collection[str]) -> dict[str, Item]:
    """The items of those ids that the catalog has, by id."""
    with shop.database.read() as unit:
        return unit.items.get(item_ids)


def count(shop: Shop) -> int:
    """How many items the catalog has."""
    with shop.database.read() as unit:
        return unit.items.count()


def _write(deed: Deed, wanted: list[Item], command: str) -> Upserted:
    new, changed, unchanged = deed.unit.items.sort(wanted)
    if not new and not changed:
        return Upserted(0, 0, unchanged, deed.unit.state.pointer().catalog_revision)
    revision = deed.unit.state.bump_catalog()
    deed.unit.items.write(new, changed, revision=revision, at=deed.at)
    touched = [item.item_id for item in new] + [item.item_id for _, item in changed]
    after = {"revision": revision, "added": len(new), "changed": len(changed), "items": touched[:_NAMED]}
    if command == "catalog.availability":
        after["available"] = wanted[0].available
    deed.record(command, touched[0] if len(touched) == 1 else f"{len(touched)} items", after=after)
    return Upserted(len(new), len(changed), unchanged, revision)


def _check_item(item: Item) -> None:
    check_id(item.item_id, "item_id")
    for name in _TEXTS:
        value = getattr(item, name)
        for text in (value,) if isinstance(value, str) else value or ():
            if "\x00" in text or not (text.isascii() or _is_unicode(text)):
                raise Invalid(name, f"of item “{item.item_id}” holds a character that cannot be stored")


def _is_unicode(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text
