"""`POST /v1/items`: catalog rows, live at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys.domain.people import Actor, Role
from recsys.services.catalog import revise_items
from recsys.services.shop import Shop
from recsys.serving.bodies import read_json
from recsys.serving.http import HttpRequest, HttpResponse, json_response
from recsys.serving.item_rows import read_rows, revised
from recsys.slates.overlays import LiveKey


@dataclass(frozen=True, slots=True)
class ItemsRoute:
    """Writes rows through the catalog's use case; `catch_up` makes this process see them before it answers."""

    shop: Shop
    catch_up: Callable[[], object]

    def post(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """All rows or none: 200 with the catalog's revision when they are stored."""
        changes = read_rows(read_json(http))
        written = revise_items(
            self.shop,
            Actor(f"key {key.name}", Role.ADMIN),
            [change.item_id for change in changes],
            lambda known: revised(changes, known),
        )
        self.catch_up()
        return json_response(200, {"revision": written.revision, "accepted": len(changes)})
