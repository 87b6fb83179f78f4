"""The blueprint of the surface page."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("surfaces", __name__, url_prefix="/surfaces")
