"""Who is left out of a rule, so that its effect can be measured."""

from __future__ import annotations

from hashlib import blake2b

_BUCKETS = 1 << 32


def held_out(rule_id: str, shopper: str | None, share: float, key: bytes) -> bool:
    """Whether `shopper` (a user id, else a session id) is in the rule's holdout.

    A keyed hash of rule and shopper gives a number in [0, 1) that stays the same from request to
    request and is independent from rule to rule; below `share` means left out. Without a shopper
    the rule acts.
    """
    if shopper is None or share <= 0:
        return False
    digest = blake2b(f"{rule_id}\x00{shopper}".encode(), key=key[:64], digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * _BUCKETS
