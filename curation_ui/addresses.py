"""Addresses within the desk that may be returned to."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def within(address: str | None, default: str) -> str:
    """`address` when it is a path of this desk, else `default`: nobody is sent to another site."""
    if not address or not address.startswith("/") or address.startswith("//") or "\\" in address:
        return default
    if any(ord(character) < ord(" ") for character in address):
        return default
    parts = urlsplit(address)
    return default if parts.netloc or parts.scheme else address


def back(default: str) -> str:
    """Where an action returns to: the form's `next`, else the page that it was asked from, else `default`."""
    if request.form.get("next"):
        return within(request.form["next"], default)
    source = urlsplit(request.referrer or "")
    if source.netloc != request.host or not source.path:
        return default
    return within(f"{source.path}?{source.query}" if source.query else source.path, default)
