"""Rules and what they are made of as plain JSON values, and back.

The content of a rule leaves out `published`: that is where the content stands in history, not content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from recsys.domain.changes import Change
from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId
from recsys.domain.rows import RowOrder
from recsys.domain.rules import KINDS, AnyRule, SurfaceSettings, kind_of
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

SCHEMA_VERSION = 1
Json = Any
T = TypeVar("T")


def encode_rule(rule: AnyRule) -> dict[str, Json]:
    """The content of `rule` as plain JSON values, moments in UTC.

    Raises:
        Invalid: when a text cannot be stored.
    """
    if not isinstance(rule, SurfaceSettings):
        rule = replace(rule, window=_in_utc(rule.window))
    content: dict[str, Json] = encode(rule)
    del content["published"]
    return _without_later_fields(content)


_LATER = frozenset({"cover", "review"})
"""Fields of rules that older versions did not know, and that mean nothing where they are None."""


def _without_later_fields(content: dict[str, Json]) -> dict[str, Json]:
    """Leave out what older versions did not know, where it says nothing.

    So the content is what they wrote: equal rules stay equal in history, and they read what they can.
    """
    if "rows" in content:
        content["rows"] = [
            {name: each for name, each in row.items() if not _says_nothing(name, each)}
            for row in content["rows"]
        ]
        content = {name: each for name, each in content.items() if (name, each) != ("order", RowOrder.FIXED)}
    return {name: each for name, each in content.items() if name not in _LATER or each is not None}


def _says_nothing(name: str, value: Json) -> bool:
    """Whether a field of a row is one that older versions lack, with the value that they act by."""
    return (name == "theme" and value is None) or (name == "fallback" and value is True)


def decode_rule(kind: str, content: Mapping[str, Json], schema_version: int = SCHEMA_VERSION) -> AnyRule:
    """The rule of that `kind` and content.

    Raises:
        Invalid: for a kind, version or field that is not known, or a value that breaks a rule.
    """
    if kind not in KINDS:
        raise Invalid("kind", f"“{kind}” is none of {', '.join(KINDS)}")
    if schema_version != SCHEMA_VERSION:
        raise Invalid("schema_version", f"{schema_version} is not known here; upgrade recsys")
    if "published" in content:
        raise Invalid(f"{kind}.published", "is not part of a rule's content; leave it out")
    return decode(KINDS[kind], content, kind)


def encode_change(change: Change) -> dict[str, Json]:
    """A step of the draft as plain JSON values."""
    either = change.after or change.before
    return {
        "id": change.id,
        "rule_id": change.rule_id,
        "kind": kind_of(either) if either is not None else "",
        "before": None if change.before is None else encode_rule(change.before),
        "after": None if change.after is None else encode_rule(change.after),
        "author": change.author,
        "at": change.at.astimezone(UTC).isoformat(),
        "note": change.note,
    }


def decode_change(content: Mapping[str, Json], schema_version: int = SCHEMA_VERSION) -> Change:
    """The step of the draft with that content."""
    kind, before, after = content["kind"], content["before"], content["after"]
    return Change(
        id=content["id"],
        rule_id=RuleId(content["rule_id"]),
        before=None if before is None else decode_rule(kind, before, schema_version),
        after=None if after is None else decode_rule(kind, after, schema_version),
        author=content["author"],
        at=datetime.fromisoformat(content["at"]),
        note=content["note"],
    )


def encode_target(target: Target) -> dict[str, Json]:
    """A target as plain JSON values."""
    content: dict[str, Json] = encode(target)
    return content


def decode_target(content: Json) -> Target:
    """The target with that content; raises Invalid for unknown fields and broken values."""
    return decode(Target, content, "target")


def decode_selector(content: Json) -> Selector:
    """The selector with that content; raises Invalid for unknown fields and broken values."""
    return decode(Selector, content, "selector")


def encode(value: object) -> Json:
    """A value of the domain as it comes back from JSON: lists, not tuples.

    Raises:
        Invalid: when a text cannot be stored.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except UnicodeEncodeError as error:
        raise Invalid("rule", f"holds text that cannot be stored ({error})") from None


def decode(kind: type[T], content: Json, name: str) -> T:
    """A value of the domain from plain JSON values.

    Raises:
        Invalid: starting with `name` and the path of the field at fault.
    """
    try:
        value = msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise Invalid(name, str(error)) from None
    _refuse_unknown(content, msgspec.to_builtins(value), name)
    return value


def _refuse_unknown(given: Json, understood: Json, path: str) -> None:
    """The decoder passes over fields that a dataclass lacks; dropping part of what an editor said is no option."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            if key not in understood:
                raise Invalid(f"{path}.{key}", "is not a known field")
            _refuse_unknown(value, understood[key], f"{path}.{key}")
    elif isinstance(given, list):
        for position, (one, other) in enumerate(zip(given, understood, strict=True)):
            _refuse_unknown(one, other, f"{path}.{position}")


def _in_utc(window: Window) -> Window:
    start, end = (None if each is None else each.astimezone(UTC) for each in (window.start, window.end))
    return replace(window, start=start, end=end)
