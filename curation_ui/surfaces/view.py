"""What an editor is looking at: the part of the page's address that names shopper, moment and stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from werkzeug.datastructures import MultiDict

from curation_ui.moments import from_field
from recsys.domain.errors import Invalid
from recsys.domain.ids import check_id
from recsys.domain.rules import MAIN, MAX_SLOT, SurfaceSettings
from recsys.domain.windows import zone_of
from recsys.services.preview import Question


class Show(StrEnum):
    """Which side of the draft is on the page."""

    LIVE = "live"
    DRAFT = "draft"
    DIFFERENCE = "difference"


Arguments = MultiDict[str, str]
"""A query string: one value or all values of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The question behind the page as the address carries it; an empty text means "not given".

    `cards`: “all” rules beside the grid, however many there are.
    `at` is the wall-clock time in `zone` as typed (`2026-11-30T18:00`), empty for now.
    `many`: the surface has several rows; `whole`: all of them are looked at, and `row` is `main`.
    """

    surface: str
    row: str = MAIN
    many: bool = False
    whole: bool = False
    shopper: str = ""
    market: str = ""
    segments: tuple[str, ...] = ()
    at: str = ""
    zone: str = "UTC"
    context: tuple[str, ...] = ()
    show: Show = Show.DRAFT
    rules: bool = True
    slot: int | None = None
    limit: int | None = None
    cards: str = ""

    def moment(self, now: datetime) -> datetime:
        """The UTC moment looked at.

        Raises:
            Invalid: when the time cannot be read, or the clocks of the zone skip it.
        """
        return from_field(self.at, self.zone, "at") or now

    def question(self, now: datetime, size: int) -> Question:
        """The question for the preview service, with `size` items unless the address asks for another number."""
        return Question(
            surface=self.surface,
            row=self.row,
            at=self.moment(now),
            user=self.shopper or None,
            market=self.market or None,
            segments=self.segments,
            context=self.context,
            rules=self.rules,
            limit=self.limit or size,
        )

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """The query arguments that lead back to this view with `changes`; what is at its default is left out."""
        view = replace(self, **changes)
        found: dict[str, Any] = {
            "row": view.row if view.many and not view.whole else None,
            "as": view.shopper or None,
            "market": view.market or None,
            "segment": list(view.segments) or None,
            "at": view.at or None,
            "zone": view.zone if view.at else None,
            "context": list(view.context) or None,
            "show": None if view.show == Show.DRAFT else str(view.show),
            "rules": None if view.rules else "off",
            "slot": view.slot,
            "limit": view.limit,
            "cards": view.cards or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def read_view(
    surface: SurfaceSettings, arguments: Arguments, zone: str, live: SurfaceSettings | None = None
) -> View:
    """The view that the query arguments name; `zone` is the one to use where they name none.

    `live`: the surface as it is published; where only that has several rows, what is live and the difference still
    show all of them.

    Raises:
        Invalid: naming the argument that cannot be read.
    """
    asked = arguments.get("row", "")
    row = asked or MAIN
    if surface.row(row) is None:
        raise Invalid("row", f"the surface “{surface.title}” has no row “{row}”")
    show = _show(arguments.get("show", ""))
    many = len(surface.rows) > 1 or (show is not Show.DRAFT and live is not None and len(live.rows) > 1)
    return View(
        surface=surface.slug,
        row=row,
        many=many,
        whole=not asked and many,
        shopper=_id(arguments.get("as", ""), "as"),
        market=_id(arguments.get("market", ""), "market"),
        segments=_ids(arguments.getlist("segment"), "segment"),
        at=arguments.get("at", "").strip(),
        zone=_zone(arguments.get("zone", "").strip() or zone),
        context=_ids(arguments.getlist("context"), "context") if surface.context else (),
        show=show,
        rules=arguments.get("rules", "") != "off",
        slot=_number(arguments.get("slot", "")),
        limit=_number(arguments.get("limit", "")),
        cards="all" if arguments.get("cards", "") == "all" else "",
    )


def safe_view(surface: SurfaceSettings, view_arguments: Mapping[str, str], zone: str) -> View:
    """The nearest view that can be shown when the arguments cannot be read."""
    shopper = view_arguments.get("as", "").strip()
    try:
        check_id(shopper, "as")
    except Invalid:
        shopper = ""
    many = len(surface.rows) > 1
    return View(surface=surface.slug, many=many, whole=many, shopper=shopper, zone=zone)


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _id(value: str, field: str) -> str:
    value = value.strip()
    return check_id(value, field) if value else ""


def _ids(values: list[str], field: str) -> tuple[str, ...]:
    given = [part for value in values for part in ([value] if field == "context" else value.split(","))]
    return tuple(dict.fromkeys(found for part in given if (found := _id(part, field))))


def _show(value: str) -> Show:
    try:
        return Show(value) if value else Show.DRAFT
    except ValueError:
        raise Invalid("show", "choose live, draft or difference") from None


def _number(value: str) -> int | None:
    """A slot or a number of slots; what is none is as if not given."""
    return max(1, min(int(value[:4]), MAX_SLOT)) if value.isdecimal() and value.isascii() else None
