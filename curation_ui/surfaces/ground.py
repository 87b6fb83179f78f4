"""What all looks of one page stand on, compiled once a request."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.services.drafting import Draft
from recsys.services.preview import Stage, drafted, release_at
from recsys.services.shop import Shop
from recsys.slates.state import CompiledRelease, LiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The live release, and what the draft makes of it."""

    shop: Shop
    state: LiveState
    live: CompiledRelease
    draft: CompiledRelease


def ground_of(shop: Shop, state: LiveState, draft: Draft) -> Ground:
    """The ground of one page; raises Unavailable when nothing is published yet."""
    live = release_at(shop, state, Stage.LIVE)
    return Ground(shop=shop, state=state, live=live, draft=drafted(live, draft))
