"""Files that people send to be looked at, and send again to be brought in."""

from __future__ import annotations

import base64
import binascii

from flask import request

from curation_ui.i18n import gettext as _
from recsys.data.rule_sheets import MAX_BYTES
from recsys.domain.errors import Invalid


def chosen_file() -> bytes:
    """The file of the form's field `file`, empty when none was chosen; of one that is too large, one byte too many."""
    sent = request.files.get("file")
    return sent.read(MAX_BYTES + 1) if sent is not None else b""


def looked_at() -> bytes:
    """The file that was looked at, from the form's field `data`, as `kept` wrote it there."""
    try:
        return base64.b64decode(request.form.get("data", ""), validate=True)
    except binascii.Error:
        raise Invalid("file", _("did not arrive whole; choose it again")) from None


def kept(data: bytes) -> str:
    """A file as the value of a field."""
    return base64.b64encode(data).decode()
