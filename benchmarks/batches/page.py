"""The page docs/batch-speed.md and its plot, written from a result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

Result = Mapping[str, Any]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 70, 40, 46, 56
INK, FAINT, LINE = "#222222", "#dddddd", "#2f6f8f"

TEXT = """# Batch speed

What fitting, ranking for every shopper and writing a snapshot cost, beside implicit and beside what nobody can avoid: the bare matrix product.
This page is written by `python benchmarks/batch.py --page` from `benchmarks/results/batch.json`; measure again with `python benchmarks/batch.py --output benchmarks/results/batch.json`, or one part of it with `--part`.

Measured on {cores} cores ({system}) with Python {python}, numpy {numpy}, scipy {scipy} and implicit {implicit}.
Data: {title}, {shoppers:,} shoppers, {items:,} items, {pairs:,} pairs. Pieces of work take turns {rounds} times after one turn that is not counted, so that whatever else the machine does falls on all alike; ratios are medians over the turns, with the lowest and the highest behind them. On a busy machine the ratios say more than the seconds.

## The best 200 new items for every shopper

64 factors, owned items left out. The bare product is `U @ V.T` in single precision on all cores, block by block into one buffer, and keeps nothing.

| | seconds | times the bare product | from – to |
|---|---|---|---|
{top_200}

{agreement:.3%} of our candidates are implicit's too. Ours are exact, and of equal scores the lower item comes first; the answer does not depend on the number of threads.

How it is done, in `recsys/models/topk.py` and `recsys/models/products.py`:

1. Scores of 256 shoppers at a time go into a buffer that is used again; blocks run side by side, each with BLAS on one thread.
2. A row's items are dealt into 512 groups, and the best score of each group is found in one pass. The 200th best of these (further down by as many as are left out) is a score that at least 200 allowed items reach, so whatever lies below it cannot be wanted. Nothing is estimated, and nothing has to be repeated.
3. One comparison marks what reaches it, little more than what is wanted. Score and item become one 64-bit number each, so that one sort of plain numbers ranks them, ties and all.
4. Rows that lose so many items that the level would be low are masked in a copy; rows with hundreds of equal scores at the cut are sorted one by one.

## Learning

ALS with 64 factors and 15 iterations, beside calling implicit with the same settings, in a third as many turns.

| | seconds | times implicit | from – to |
|---|---|---|---|
{als_fit}

## Memory

Peak resident memory of a process that reads the data and does one thing.

| | MiB |
|---|---|
{memory}

## Peers

{peers}

## A million shoppers

{large}

## Growth

A whole batch with ALS as the model: popularity, item-kNN and ALS fitted, the best 200 items of every shopper with the reasons behind each, neighbours, and the snapshot on the disk. Synthetic shops with a power law of popularity and 27 draws a shopper on average, from a seed.

| shoppers | items | pairs | fitting, s | ranking and writing, s | peak, MiB |
|---|---|---|---|---|---|
{growth}

![Seconds of a whole batch by number of shoppers](images/batch-growth.svg)

Reasons are found for a few hundred shoppers at a time: their small systems of equations stand in one array, shoppers with histories of like length together (`recsys/models/explaining.py`).
"""


def page(result: Result) -> str:
    """Write the page."""
    data, versions = result["data"], result["versions"]
    return TEXT.format(
        cores=result["machine"]["cores"],
        system=result["machine"]["system"],
        rounds=result["rounds"],
        agreement=result["agreement_with_implicit"],
        top_200=_lines(result["top_200"]),
        als_fit=_lines(result["als_fit"]),
        memory="\n".join(f"| {name} | {each['peak_mib']:,.0f} |" for name, each in result["memory"].items()),
        peers=_peers(result.get("peers", {})),
        large=_large(result.get("large")),
        growth="\n".join(_size(each) for each in result["growth"]),
        **{name: data[name] for name in ("title", "shoppers", "items", "pairs")},
        **{name: versions[name] for name in ("python", "numpy", "scipy", "implicit")},
    )


def _lines(pieces: Result) -> str:
    return "\n".join(
        f"| {name} | {each['seconds']:.2f} | {each['ratio']:.2f} | "
        f"{each['ratio_range'][0]:.2f} – {each['ratio_range'][1]:.2f} |"
        for name, each in pieces.items()
    )


def _peers(peers: Result) -> str:
    """Our batch beside RecTools' and LensKit's, where they were measured."""
    if not peers:
        return (
            "RecTools and LensKit have not been measured yet; `python benchmarks/batch.py --part peers "
            "--environments FOLDER --output benchmarks/results/batch.json` makes an environment for each, and does."
        )
    head = (
        "From pairs to the best 200 items of every shopper, each library in an environment of its own, on the data "
        "above less a fifth of the pairs, by which the lists are judged. All run ALS with 64 factors, 15 iterations, and "
        "LensKit's own weight (40) and regularisation (0.1). A library without a line has not been measured yet.\n\n"
        "| | version | preparing, s | fit, s | ranking, s | peak, MiB | Recall@20 | NDCG@20 |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(
        f"| {name} | {each['version']} | {each['prepare_s']:.1f} | {each['fit_s']:.1f} | {each['rank_s']:.1f} "
        f"| {each['peak_mib']:,.0f} | {each['recall@20']:.4f} | {each['ndcg@20']:.4f} |"
        for name, each in peers.items()
    )


def _large(found: Result | None) -> str:
    """What learning and ranking cost at the size that one machine should still bear."""
    if not found:
        return "Not measured yet: `python benchmarks/batch.py --part large --output benchmarks/results/batch.json`."
    head = "ALS with 64 factors fitted, the best 200 new items by it for every shopper, and item-kNN fitted, one after the other in one process, on a synthetic shop as below.\n\n"
    columns = "| shoppers | items | pairs | ALS fit, s | top 200, s | item-kNN fit, s | peak, MiB |\n|---|---|---|---|---|---|---|\n"
    return (
        f"{head}{columns}| {found['shoppers']:,} | {found['items']:,} | {found['pairs']:,} | {found['als_fit_s']:.1f} "
        f"| {found['top_200_s']:.1f} | {found['item_knn_fit_s']:.1f} | {found['peak_mib']:,.0f} |"
    )


def _size(each: Result) -> str:
    counts = f"| {each['shoppers']:,} | {each['items']:,} | {each['pairs']:,} "
    return f"{counts}| {each['fit_s']:.1f} | {each['snapshot_s']:.1f} | {each['peak_mib']:,.0f} |"


def plot(result: Result) -> str:
    """Draw seconds by number of shoppers, both on scales of powers of ten, as SVG."""
    dots = [(each["shoppers"], each["fit_s"] + each["snapshot_s"]) for each in result["growth"]]
    across = _decades([shoppers for shoppers, _ in dots])
    up = _decades([seconds for _, seconds in dots])
    title = "Seconds of a whole batch by number of shoppers"
    places = [
        (_place(shoppers, across, LEFT, WIDTH - RIGHT), _height(seconds, up)) for shoppers, seconds in dots
    ]
    shape = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {shape} font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="15" font-weight="600" fill="{INK}">{escape(title)}</text>',
        *_grid(across, up),
        f'<polyline points="{" ".join(f"{x},{y}" for x, y in places)}" fill="none" stroke="{LINE}"/>',
    ]
    for (x, y), (_, seconds) in zip(places, dots, strict=True):
        lines.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{LINE}"/>')
        lines.append(f'<text x="{x}" y="{y - 10}" text-anchor="middle" fill="{INK}">{seconds:,.0f} s</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _decades(values: list[float]) -> tuple[int, int]:
    """Powers of ten around the values, at least one apart."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _place(value: float, decades: tuple[int, int], start: float, stop: float) -> float:
    low, high = decades
    return round(start + (stop - start) * (math.log10(value) - low) / (high - low), 1)


def _height(value: float, decades: tuple[int, int]) -> float:
    return _place(value, decades, HEIGHT - BOTTOM, TOP)


def _grid(across: tuple[int, int], up: tuple[int, int]) -> Iterator[str]:
    for power in range(across[0], across[1] + 1):
        x = _place(10**power, across, LEFT, WIDTH - RIGHT)
        yield f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{FAINT}"/>'
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="{INK}">{10**power:,}</text>'
    for power in range(up[0], up[1] + 1):
        y = _height(10**power, up)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{FAINT}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" fill="{INK}">{10**power:,} s</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end" fill="{INK}">shoppers</text>'
