"""What each part costs as a shop grows, from what was measured, and what approximate search would give up.

python benchmarks/scale.py                     measure approximate search (needs faiss-cpu), print the result
python benchmarks/scale.py --output FILE       keep it
python benchmarks/scale.py --page              docs/scale.md from the results that stand in benchmarks/results
"""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scales.approximate import beside_exact
from scales.page import page
from scipy.sparse import csr_matrix

from batches.shops import public_or_like_it
from datasets import GOWALLA, datasets_folder
from recsys.batch.machine import machine, versions
from recsys.data.pairs import read_pairs
from recsys.data.training import TrainingData

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "scale.md"


def results() -> dict[str, Any]:
    """The results that the page is made from, by benchmark."""
    names = ("batch", "serving", "serving-scale", "events", "scale")
    return {name: json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in names}


def benchmark() -> dict[str, Any]:
    """Measure approximate search on Gowalla, else on a synthetic shop that is asked for what it was trained on."""
    import faiss

    folder = datasets_folder()
    title, data = public_or_like_it(folder)
    found = GOWALLA.find(folder)
    test = data.owned if found is None else _test(data, found[1])
    return {
        "benchmark": "scale",
        "machine": machine(),
        "versions": versions() | {"faiss": faiss.__version__},
        "data": {
            "title": title,
            "shoppers": len(data.users),
            "items": len(data.items),
            "pairs": data.owned.nnz,
        },
        "approximate_search": beside_exact(data, test),
    }


def _test(data: TrainingData, path: Path) -> csr_matrix:
    pairs = read_pairs(path, "test")
    users = np.array([data.users.index(each) for each in pairs.users])[pairs.user]
    items = np.array([data.items.index(each) for each in pairs.items])[pairs.item]
    known = (users >= 0) & (items >= 0)
    return csr_matrix((np.ones(known.sum(), bool), (users[known], items[known])), shape=data.owned.shape)


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path)
    parser.add_argument("--page", action="store_true")
    arguments = parser.parse_args()
    if arguments.page:
        PAGE.write_text(page(results()), encoding="utf-8")
        return
    if find_spec("faiss") is None:
        print("Approximate search is not measured: it needs “pip install faiss-cpu”.")
        return
    text = json.dumps(benchmark(), indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
