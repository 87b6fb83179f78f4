"""The kinds of interaction. Apart from the schema, because light processes read values without pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final = ("view", "click", "add_to_cart", "purchase", "like", "dislike")
DEFAULT_KIND: Final = "purchase"
KIND_CODE: Final[Mapping[str, int]] = {kind: code for code, kind in enumerate(KINDS)}
