"""The page of the rankings: its tables and plots are written from result files, never by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankings.plots import Dot, dot_plot
from rankings.published import GOWALLA
from rankings.questions import NEW, REPEATS, UNSEEN

Result = Mapping[str, Any]
Row = Mapping[str, Any]

FURTHER = (
    "map@20",
    "mrr@20",
    "hit_rate@20",
    "coverage@20",
    "novelty@20",
    "diversity@20",
    "gini@20",
    "long_tail@20",
)
DEPTHS = ("recall@5", "recall@10", "recall@20", "recall@50", "ndcg@5", "ndcg@10", "ndcg@20", "ndcg@50")


def write_page(results: Path, docs: Path) -> None:
    """Fill the marked parts of docs/ranking.md, and draw the plots beside it, from the results that are there."""
    page = docs / "ranking.md"
    text = page.read_text(encoding="utf-8")
    for path in sorted(results.glob("ranking-*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        name = path.stem.removeprefix("ranking-")
        text = filled(text, name, section(name, result))
        for file, drawing in plots(name, result).items():
            (docs / "images" / file).write_text(drawing, encoding="utf-8")
    page.write_text(text, encoding="utf-8")


def filled(text: str, name: str, content: str) -> str:
    """Put `content` between the marks of a name; raises `ValueError` where the page has no such marks."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"docs/ranking.md has no place for {name}: {begin} … {end}")
    return pattern.sub(lambda _: f"{begin}\n{content.strip()}\n{end}", text)


def section(name: str, result: Result) -> str:
    """Give everything that the page says of one data set."""
    parts = [_facts(result)]
    if UNSEEN in result["questions"]:
        parts += [_beside_published(result), f"![NDCG at 20 of every model]({_image(name, UNSEEN)})"]
    else:
        parts += [_side_by_side(result)]
        parts += [f"![NDCG at 20, {question}]({_image(name, question)})" for question in result["questions"]]
    for question, answers in result["questions"].items():
        details = [_differences(question, answers), _depths(question, answers), _further(question, answers)]
        details += [_groups(question, answers, key, words) for key, words in _GROUPS if _has(answers, key)]
        summary = (
            f"<summary>{question[0].upper()}{question[1:]}: differences, depths, groups of shoppers</summary>"
        )
        parts += [f"<details>{summary}", *details, "</details>"]
    return "\n\n".join(parts)


_GROUPS = (("by_activity", "items bought before"), ("by_market", "market"))


def _has(answers: Mapping[str, Any], key: str) -> bool:
    return any(row[key] for row in answers["models"])


def plots(name: str, result: Result) -> dict[str, str]:
    """Draw one plot a question: file name and SVG."""
    drawn = {}
    for question, answers in result["questions"].items():
        dots = [
            Dot(
                _label(row),
                row["metrics"]["ndcg@20"],
                (row["intervals"]["ndcg@20"][0], row["intervals"]["ndcg@20"][1]),
                "winner" if row["auto"] else "ours",
            )
            for row in answers["models"]
        ]
        if question == UNSEEN:
            dots += [Dot(f"{each.method} (published)", each.ndcg, None, "theirs") for each in GOWALLA]
        dots.sort(key=lambda each: -each.value)
        title = f"{result['dataset']['title']}: {question}"
        drawn[Path(_image(name, question)).name] = dot_plot(title, "NDCG@20, 95 % intervals", dots)
    return drawn


def table_of(result: Result) -> str:
    """Give the main figures of a result for the terminal."""
    lines = [f"\n{result['benchmark']} ({result['split']})"]
    for question, answers in result["questions"].items():
        lines.append(f"{question}, {answers['shoppers']:,} shoppers")
        lines += [
            f"  {_label(row):<34} recall@20 {row['metrics']['recall@20']:.4f}  ndcg@20 {row['metrics']['ndcg@20']:.4f}"
            for row in answers["models"]
        ]
    lines += [f"  left out: {each['model']}: {each['why']}" for each in result["refused"]]
    return "\n".join(lines)


def _image(name: str, question: str) -> str:
    return f"images/ranking-{name}-{question.replace(' ', '-')}.svg"


def _label(row: Row) -> str:
    return f"{row['model']} = auto" if row["auto"] else str(row["model"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---" if place == 0 else "---:" for place in range(len(columns))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, marks, *rows))


def _facts(result: Result) -> str:
    counts, told = result["counts"], result["machine"]
    budget = result["tuning_budget_seconds"]
    tuning = f"{budget:.0f} s of tuning for all models together" if budget else "no tuning"
    left_out = "".join(f" Left out: {each['model']} ({each['why']})." for each in result["refused"])
    return (
        f"{result['dataset']['title']}. Source: {result['dataset']['origin']}. Licence: {result['dataset']['licence']}. "
        f"Split: {result['split']}. {counts['shoppers_train']:,} shoppers, {counts['items_train']:,} items and "
        f"{counts['pairs_train']:,} pairs to learn from; {counts['test_pairs']:,} test pairs, of which "
        f"{counts['test_pairs_seen_in_training']:,} repeat what the shopper had, {counts['test_pairs_of_unknown_users']:,} "
        f"are of {counts['users_unknown']:,} unknown shoppers (left out), and {counts['test_pairs_with_unknown_items']:,} "
        f"have items that nobody had yet (not found, and counted). {tuning}, seed {result['seed']}; {told['cores']} cores, "
        f"{told['system']}, recsys {result['versions']['recsys']}, peak memory {result['peak_memory_mib']:,.0f} MiB."
        f"{left_out}"
    )


def _with_interval(row: Row, metric: str) -> str:
    low, high = row["intervals"][metric]
    return f"{row['metrics'][metric]:.4f} ({low:.4f} – {high:.4f})"


def _beside_published(result: Result) -> str:
    answers = result["questions"][UNSEEN]
    rows = [
        (
            row["metrics"]["ndcg@20"],
            (
                f"**{_label(row)}**",
                _with_interval(row, "recall@20"),
                _with_interval(row, "ndcg@20"),
                _seconds(row),
                "this repository",
            ),
        )
        for row in answers["models"]
    ]
    rows += [
        (each.ndcg, (each.method, f"{each.recall:.4f}", f"{each.ndcg:.4f}", "", each.source))
        for each in GOWALLA
    ]
    rows.sort(key=lambda row: -row[0])
    columns = ("method", "Recall@20 (95 %)", "NDCG@20 (95 %)", "fit, s", "source")
    return _table(columns, [cells for _, cells in rows])


def _seconds(row: Row) -> str:
    return f"{row['fit_seconds']:.1f}" if "fit_seconds" in row else ""


def _side_by_side(result: Result) -> str:
    new, again = (
        {row["model"]: row for row in result["questions"][question]["models"]} for question in (NEW, REPEATS)
    )
    rows = [
        [_label(again[model])]
        + [
            _with_interval(rows[model], metric) if model in rows else "–"
            for rows in (new, again)
            for metric in ("recall@20", "ndcg@20")
        ]
        for model in dict.fromkeys((*new, *again))
    ]
    columns = ["model"]
    columns += [f"{words}: {metric}" for words in ("new", "repeats") for metric in ("Recall@20", "NDCG@20")]
    return _table(columns, rows)


def _differences(question: str, answers: Mapping[str, Any]) -> str:
    rows = [
        [f"{each['model']} − {each['over']}", *(_gap(each[metric]) for metric in ("recall@20", "ndcg@20"))]
        for each in answers["differences"]
    ]
    title = f"Differences paired by shopper, {question}, {answers['shoppers']:,} shoppers (mean, 95 %):"
    return f"{title}\n\n{_table(('difference', 'Recall@20', 'NDCG@20'), rows)}"


def _gap(gap: Mapping[str, float]) -> str:
    text = f"{gap['mean']:+.4f} ({gap['low']:+.4f} to {gap['high']:+.4f})"
    return text.replace("-", "−")


def _depths(question: str, answers: Mapping[str, Any]) -> str:
    rows = [[_label(row), *(f"{row['metrics'][name]:.4f}" for name in DEPTHS)] for row in answers["models"]]
    return f"At several depths, {question}:\n\n{_table(('model', *DEPTHS), rows)}"


def _further(question: str, answers: Mapping[str, Any]) -> str:
    rows = [[_label(row), *(f"{row['metrics'][name]:.4f}" for name in FURTHER)] for row in answers["models"]]
    return f"Beyond accuracy, {question}:\n\n{_table(('model', *FURTHER), rows)}"


def _groups(question: str, answers: Mapping[str, Any], key: str, words: str) -> str:
    """NDCG by group of shoppers, a column a model."""
    models = answers["models"]
    first = models[0][key]
    by_model = [{group["group"]: group["ndcg@20"] for group in row[key]} for row in models]
    rows = [
        [group["group"], f"{group['shoppers']:,}", *(f"{each[group['group']]:.4f}" for each in by_model)]
        for group in first
    ]
    title = f"NDCG@20 by {words}, {question}:"
    return f"{title}\n\n{_table((words, 'shoppers', *(_label(row) for row in models)), rows)}"
