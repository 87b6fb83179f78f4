"""The serving API keeps its promises, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.endpoint import Endpoint, running_endpoint
from support.tiny_shop import TinyShop, make_tiny_shop

from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.item_rows import ROW_FIELDS
from recsys.serving.parameters import PARAMETERS, Asked

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A JSON object with exactly these fields."""


class Because(Strict):
    item_id: str
    title: str
    share: float


class Reason(Strict):
    text: str
    because: list[Because]


class Item(Strict):
    item_id: str
    position: int
    source: str
    rule_id: str | None
    score: float | None
    model_rank: int | None
    theme: str | None
    displaced: str | None
    reason: Reason


class Note(Strict):
    field: str
    message: str


class Answer(Strict):
    recommendation_id: str
    surface: str
    row: str
    release_id: int
    run_id: str | None
    personalised: bool
    items: list[Item]
    notes: list[Note]
    next_cursor: str | None


class Problem(Strict):
    type: str
    title: str
    status: int
    detail: str
    errors: list[Note] = []


@pytest.fixture(scope="module")
def shop(tmp_path_factory, upgrade) -> Iterator[TinyShop]:
    folder = tmp_path_factory.mktemp("contract")
    upgrade(f"sqlite:///{folder / 'recsys.db'}")
    yield (made := make_tiny_shop(folder, f"sqlite:///{folder / 'recsys.db'}"))
    made.shop.database.close()


@pytest.fixture(scope="module")
def endpoint(shop) -> Iterator[Endpoint]:
    with running_endpoint(shop.environment, shop.settings.home, key=shop.keys.read, workers=1) as running:
        yield running


@pytest.mark.parametrize(
    "query",
    [
        {"user_id": "ann"},
        {"user_id": "stranger", "market": "Atlantis"},
        {"session_id": "s", "limit": 3},
        {"surface": "product", "context_item": "i01"},
        {"surface": "cart", "user_id": "bob", "rules": "off"},
        {"user_id": "ann", "personalised": "false", "limit": 100},
    ],
)
def test_an_answer_has_exactly_its_documented_fields(endpoint, query):
    reply = endpoint.recommend(**query)
    answer = msgspec.json.decode(reply.body, type=Answer)
    assert reply.headers["content-type"] == "application/json"
    assert len(answer.recommendation_id) <= 200
    for item in answer.items:
        assert item.source in {"pin", "theme", "model", "fallback"}
        assert (item.rule_id is not None) == (item.source in {"pin", "theme"})
        assert (item.theme is not None) == (item.source == "theme")
        assert (item.score is not None) == (item.model_rank is not None) == (item.source == "model")
        assert item.score is None or 0 < item.score <= 1
        assert item.reason.text
        assert all(0 < each.share <= 1 for each in item.reason.because)


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/v1/recommendations", {"query": {"limit": "0", "x": "1"}}, 400),
        ("/v1/recommendations", {"key": None}, 401),
        ("/v1/items", {"method": "POST", "body": {"items": []}}, 403),
        ("/v1/recommendations", {"query": {"surface": "nowhere"}}, 404),
        ("/v1/nothing", {}, 404),
        ("/v1/items", {}, 405),
        ("/healthz", {"method": "PUT"}, 405),
    ],
)
def test_an_error_has_exactly_its_documented_fields(endpoint, path, options, status):
    reply = endpoint.ask(path, **options)
    problem = msgspec.json.decode(reply.body, type=Problem)
    assert reply.status == problem.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    assert problem.type == "about:blank"
    assert problem.detail.endswith(".")


def test_the_demanded_limits_and_defaults_stand():
    assert Asked(surface="home") == Asked(
        surface="home", row="main", limit=20, personalised=True, rules=True, cursor=None, at=None
    )
    assert set(PARAMETERS) == {
        *("surface", "row", "user_id", "session_id", "limit", "cursor", "market", "segment", "context_item"),
        *("exclude", "tag", "price_min", "price_max", "fields", "personalised", "rules", "at"),
    }


@pytest.mark.parametrize("name", [*PARAMETERS, *ITEM_FIELDS, *ROW_FIELDS, *Answer.__struct_fields__])
def test_every_name_of_the_api_is_documented(name):
    text = DOCS.read_text(encoding="utf-8")
    assert f"`{name}`" in text or f'"{name}"' in text


@pytest.mark.parametrize("name", sorted(name for name, each in PARAMETERS.items() if each.most > 1))
def test_the_documentation_says_which_parameters_may_be_repeated(name):
    assert f"| `{name}`* |" in DOCS.read_text(encoding="utf-8")
