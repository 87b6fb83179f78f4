"""When a rule holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recsys.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class Window:
    """`[start, end)` in UTC, with the zone in which the editor thought of it.

    None on either side is open. The zone is kept to show the window again as it was meant.
    """

    start: datetime | None = None
    end: datetime | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None and moment.utcoffset() is None:
                raise Invalid(f"window.{name}", "carries no time zone")
        zone_of(self.zone)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise Invalid("window.end", "must be after the start")

    def holds(self, at: datetime) -> bool:
        """Whether the moment `at` lies inside: the start does, the end does not."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def overlaps(self, other: Window) -> bool:
        """Whether some moment lies inside both."""
        return _before(self.start, other.end) and _before(other.start, self.end)


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone called `name`.

    Raises:
        Invalid: when there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone", f"“{name}” is not an IANA time zone such as Europe/London") from None


ALWAYS = Window()


def from_local(local: datetime, zone: str, field: str = "time") -> datetime:
    """The UTC moment of a wall-clock time in `zone`; of an ambiguous one, the earlier.

    Raises:
        Invalid: when the clocks skip that time.
    """
    place = zone_of(zone)
    try:
        moment = local.replace(tzinfo=place, fold=0).astimezone(UTC)
        there = moment.astimezone(place).replace(tzinfo=None)
    except OverflowError:
        raise Invalid(field, "lies outside the calendar; give a year from 2 to 9998") from None
    if there != local.replace(tzinfo=None):
        raise Invalid(field, f"{local:%d %b %Y %H:%M} does not exist in {zone}: the clocks skip it")
    return moment


def _before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end
