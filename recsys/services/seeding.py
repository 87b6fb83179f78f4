"""The first release: the surfaces that every shop begins with."""

from __future__ import annotations

from recsys.domain.people import Actor, Permission
from recsys.domain.rules import SurfaceSettings, surface_id
from recsys.services.drafting import add_change
from recsys.services.release_line import publish_in
from recsys.services.shop import Deed, Shop, acting
from recsys.storage.releases import ReleaseInfo

_SURFACES = (("home", "Home", False), ("product", "Product page", True), ("cart", "Basket", True))


def ensure_first_release(shop: Shop, actor: Actor) -> ReleaseInfo:
    """The live release; in a new shop, release 1 with the default surfaces, published now.

    It goes through the draft as everything does, so that the history tells of it.
    """
    with acting(shop, actor, Permission.PUBLISH) as deed:
        return seed_in(deed)


def seed_in(deed: Deed) -> ReleaseInfo:
    """The same within a use case's transaction."""
    live = deed.unit.state.pointer().release
    if live is not None:
        return deed.unit.releases.info(live)
    taken = {change.rule_id for change in deed.unit.draft.changes()}
    changes = [
        add_change(deed, None, surface, author=deed.actor.name, note="")
        for surface in _surfaces(deed.actor.name)
        if surface.id not in taken
    ]
    return publish_in(
        deed, [change.id for change in changes], comment="The surfaces every shop begins with", kind="first"
    )


def _surfaces(author: str) -> list[SurfaceSettings]:
    return [
        SurfaceSettings(
            id=surface_id(slug), slug=slug, title=title, context=context, author=author, owner=author
        )
        for slug, title, context in _SURFACES
    ]
