from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from flask import Flask

from curation_ui.app import PARTS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "curation-ui.md"


def documented():
    text = DOCUMENT.read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(/[^`]*)` \| (GET|POST) \|", text, flags=re.MULTILINE))


def routes():
    app = Flask("routes", static_folder=None)
    for part in PARTS:
        app.register_blueprint(import_module(part).bp)
    return {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_of_the_desk_is_documented():
    assert routes() - documented() == set()


def test_every_documented_route_exists():
    assert documented() - routes() == set()
