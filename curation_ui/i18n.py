"""Translation: every sentence of the desk passes through `gettext` or `ngettext`.

English is the source language. A catalogue at `translations/<language>/LC_MESSAGES/desk.mo` is picked up when it is
there; without one the English text stands.
"""

from __future__ import annotations

import gettext as _catalogues
from functools import cache
from pathlib import Path

from flask import g, has_request_context, request

FOLDER = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"


def languages() -> list[str]:
    """The languages that the desk speaks: the source language and every catalogue found."""
    found = sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/desk.mo"))
    return [SOURCE_LANGUAGE, *found]


def language() -> str:
    """The language of this request: the best match for the browser's, English outside of a request."""
    if not has_request_context():
        return SOURCE_LANGUAGE
    # A page has thousands of sentences and one language.
    if "desk_language" not in g:
        g.desk_language = request.accept_languages.best_match(languages()) or SOURCE_LANGUAGE
    return str(g.desk_language)


def gettext(message: str, **values: object) -> str:
    """`message` in the request's language, with `%(name)s` filled in from `values`."""
    text = _translations(language()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """The form of the message that fits `count`, which is also given to it as `%(num)d`."""
    text = _translations(language()).ngettext(singular, plural, count)
    return text % {"num": count, **values}


@cache
def _translations(name: str) -> _catalogues.NullTranslations:
    return _catalogues.translation("desk", FOLDER, [name], fallback=True)
