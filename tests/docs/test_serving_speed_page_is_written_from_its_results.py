"""docs/serving-speed.md says what the result files say; nobody writes figures there by hand."""

from __future__ import annotations

import json
from pathlib import Path

from servings.page import page

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def test_the_page_is_what_the_results_say():
    serving, scale = (
        json.loads((RESULTS / name).read_text(encoding="utf-8"))
        for name in ("serving.json", "serving-scale.json")
    )
    assert (ROOT / "docs" / "serving-speed.md").read_text(encoding="utf-8") == page(serving, scale)
