"""Reading `/metrics` of a running endpoint."""

from __future__ import annotations

from support.endpoint import Endpoint


def metrics(endpoint: Endpoint) -> dict[str, float]:
    """Every number without labels, by name; a worker that ends meanwhile is asked once more."""
    text = endpoint.ask("/metrics", key=None).body.decode()
    pairs = (line.split() for line in text.splitlines() if not line.startswith("#") and "{" not in line)
    return {name: float(value) for name, value in pairs}
