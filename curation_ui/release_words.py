"""What a release is, in words."""

from __future__ import annotations

from curation_ui.i18n import gettext as _
from recsys.storage.releases import ReleaseInfo


def release_words(release: ReleaseInfo) -> str:
    """“published”, “run 2026-11-20 accepted”, “rules of release 4 restored”."""
    match release.kind:
        case "accept":
            return _("run %(run)s accepted", run=release.run_id)
        case "rollback":
            return _restored(release)
        case "first":
            return _("first release")
        case _:
            return _("rules published")


def _restored(release: ReleaseInfo) -> str:
    what = {"rules": _("rules"), "run": _("run")}.get(release.restored or "", _("rules and run"))
    return _("%(what)s of release %(number)d restored", what=what, number=release.from_release)
