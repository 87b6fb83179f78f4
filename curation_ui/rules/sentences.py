"""Scopes and windows as sentences that a person would say."""

from __future__ import annotations

from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.moments import moment
from curation_ui.words import Names, selector_words
from recsys.domain.scopes import Scope
from recsys.domain.windows import Window

_HOUR, _DAY = 3600, 86_400


def scope_sentence(scope: Scope, names: Names) -> str:
    """“On Home, beside cake stands, in France, for shoppers in the segment new”."""
    parts = [_place(scope, names)]
    if scope.context_item is not None:
        parts.append(_("beside %(title)s", title=names.item(scope.context_item)))
    if scope.context_selector is not None:
        parts.append(_("beside items with %(what)s", what=selector_words(scope.context_selector)))
    if scope.market is not None:
        parts.append(_("in %(market)s", market=scope.market))
    if scope.user is not None:
        parts.append(_("for the shopper %(user)s", user=scope.user))
    if scope.segment is not None:
        parts.append(_("for shoppers in the segment %(segment)s", segment=scope.segment))
    if not scope.personal:
        parts.append(_("for everyone"))
    return ", ".join(parts)


def _place(scope: Scope, names: Names) -> str:
    if scope.surface is None:
        return _("On every surface")
    surface = names.surface(scope.surface)
    if scope.row is None:
        return _("On %(surface)s", surface=surface)
    return _("On %(surface)s in the row %(row)s", surface=surface, row=names.row(scope.surface, scope.row))


def window_sentence(window: Window, at: datetime) -> str:
    """“From Sun 30 Nov 2026, 18:00 to Mon 1 Dec 2026, 18:00 Europe/London: 24 h, begins in 3 days”."""
    start, end, zone = window.start, window.end, window.zone
    if start is None and end is None:
        return _("From when it is published, without an end")
    begins = moment(start, zone, with_zone=False)
    ends = moment(end, zone, with_zone=False)
    if end is None:
        return _("From %(start)s %(zone)s, without an end", start=begins, zone=zone)
    if start is None:
        said = _("From when it is published until %(end)s %(zone)s", end=ends, zone=zone)
    else:
        said = _("From %(start)s until %(end)s %(zone)s", start=begins, end=ends, zone=zone)
        said = _("%(window)s: %(span)s long", window=said, span=span_words((end - start).total_seconds()))
    return _("%(window)s; over already", window=said) if end <= at else said


def span_words(seconds: float) -> str:
    """“3 days 2 h”, “45 min”."""
    days, rest = divmod(int(seconds), _DAY)
    hours, minutes = rest // _HOUR, rest % _HOUR // 60
    parts = []
    if days:
        parts.append(ngettext("%(num)d day", "%(num)d days", days))
    if hours:
        parts.append(_("%(n)d h", n=hours))
    if minutes or not parts:
        parts.append(_("%(n)d min", n=minutes))
    return " ".join(parts[:2])
