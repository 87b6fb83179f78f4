"""Times in words: always with their zone, and never with a guess about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from recsys.domain.errors import Invalid
from recsys.domain.windows import Window, from_local, zone_of

LOCAL_FORMAT = "%Y-%m-%dT%H:%M"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MONTH_DAYS = 31


def moment(at: datetime | None, zone: str, *, with_zone: bool = True) -> str:
    """“Sun 30 Nov 2026, 18:00 Europe/London”; a dash when there is no moment."""
    if at is None:
        return "—"
    local = at.astimezone(zone_of(zone))
    words = f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    return f"{words} {zone}" if with_zone else words


def day(at: datetime, zone: str) -> str:
    """“Sun 30 Nov”, as it is in `zone`."""
    local = at.astimezone(zone_of(zone))
    return f"{local:%a} {local.day} {local:%b}"


def ago(at: datetime | None, now: datetime) -> str:
    """“2 min ago”, “in 3 h”, “5 days ago”; beyond a month the date itself, in UTC."""
    if at is None:
        return "—"
    gap = (now - at).total_seconds()
    if abs(gap) < _MINUTE:
        return _("just now") if gap >= 0 else _("in a moment")
    if abs(gap) > timedelta(days=_MONTH_DAYS).total_seconds():
        day = at.astimezone(UTC)
        return f"{day.day} {day:%b %Y}"
    span = _span(abs(gap))
    return _("%(span)s ago", span=span) if gap > 0 else _("in %(span)s", span=span)


def _span(seconds: float) -> str:
    if seconds < _HOUR:
        return _("%(n)d min", n=int(seconds // _MINUTE))
    if seconds < _DAY:
        return _("%(n)d h", n=int(seconds // _HOUR))
    return ngettext("%(num)d day", "%(num)d days", int(seconds // _DAY))


def window_words(window: Window) -> str:
    """When a rule holds, in the zone in which its editor thought of it; both ends are said as they were meant."""
    if window.start is None and window.end is None:
        return _("no end")
    start, end = (
        moment(window.start, window.zone, with_zone=False),
        moment(window.end, window.zone, with_zone=False),
    )
    if window.end is None:
        return _("from %(start)s %(zone)s", start=start, zone=window.zone)
    if window.start is None:
        return _("until %(end)s %(zone)s", end=end, zone=window.zone)
    return _("%(start)s to %(end)s %(zone)s", start=start, end=end, zone=window.zone)


def to_field(at: datetime | None, zone: str) -> str:
    """A moment as the value of a `datetime-local` field in `zone`; empty when there is none."""
    return "" if at is None else at.astimezone(zone_of(zone)).strftime(LOCAL_FORMAT)


def from_field(text: str, zone: str, field: str) -> datetime | None:
    """The UTC moment that a `datetime-local` field says in `zone`; None when it is empty.

    Raises:
        Invalid: for what is no time, and for a local time that the clocks skip.
    """
    if not text.strip():
        return None
    return from_local(parse_local(text, field), zone, field)


def parse_local(text: str, field: str) -> datetime:
    """The wall-clock time in a `datetime-local` value, without a zone.

    Raises:
        Invalid: when it is not one.
    """
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise Invalid(field, _("give a date and a time, such as 2026-11-30 18:00")) from None
