"""`recsys demo` from an empty folder: what it writes down is true, and a second start keeps it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.endpoint import Endpoint, free_port

from recsys.services.auditing import verify
from recsys.services.people import check_password
from recsys.services.shop import Shop, open_shop
from recsys.settings import Settings

Record = dict[str, Any]
PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demonstration: its record, and its endpoint."""

    record: Record
    endpoint: Endpoint

    def slate(self, **query: Any) -> Record:
        """A slate for the surface home."""
        reply = self.endpoint.recommend(**query)
        assert reply.status == 200, reply.body
        slate: Record = reply.json
        return slate


@contextmanager
def running_demo(home: Path) -> Iterator[Demo]:
    """Start the demonstration, wait for its record of this start, and stop it by a signal."""
    ports = [str(free_port()) for _ in range(3)]
    command = [sys.executable, "-m", "recsys", "demo", "--ui-port", ports[0], "--api-port", ports[1]]
    command += ["--storefront-port", ports[2]]
    log = home.parent / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=_environment(home), stdout=output, stderr=output)
    try:
        record = _wait_for_record(home / "demo.json", ports, process, log)
        yield Demo(record, Endpoint(int(ports[1]), record["api_key"], log, process))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0, log.read_text()


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECSYS_")}
    return {**kept, "RECSYS_HOME": str(home)}


def _wait_for_record(path: Path, ports: Sequence[str], process: subprocess.Popen[bytes], log: Path) -> Record:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        if path.exists():
            record: Record = json.loads(path.read_text())
            if record["api"].endswith(ports[1]):
                return record
        time.sleep(0.2)
    raise AssertionError(f"no record in {PATIENCE} s: {log.read_text()}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def first(home: Path) -> Iterator[Demo]:
    with running_demo(home) as demo:
        yield demo


@pytest.fixture(scope="module")
def shop(first: Demo, home: Path) -> Shop:
    return open_shop(Settings.from_environment(_environment(home)))


def test_the_record_has_a_person_for_each_role_whose_password_works(first: Demo, shop: Shop) -> None:
    assert {user["role"] for user in first.record["users"]} == {"viewer", "editor", "publisher", "admin"}
    for user in first.record["users"]:
        person = check_password(shop, user["email"], user["password"])
        assert person is not None
        assert person.role == user["role"]


def test_only_the_owner_may_read_the_record(first: Demo, home: Path) -> None:
    assert first
    assert stat.S_IMODE((home / "demo.json").stat().st_mode) == 0o600


def test_every_sample_shopper_has_forty_candidates_a_pin_and_a_slate_of_their_own(first: Demo) -> None:
    assert len(first.record["sample_users"]) >= 20
    slates = set()
    for user in first.record["sample_users"]:
        items = first.slate(user_id=user, limit=100)["items"]
        assert len({item["item_id"] for item in items}) == 100
        assert sum(item["source"] == "model" for item in items) >= 40
        assert any(item["source"] == "pin" for item in items[:20])
        assert all(item["reason"]["text"] for item in items)
        slates.add(tuple(item["item_id"] for item in items[:20]))
    assert len(slates) == len(first.record["sample_users"])


def test_five_rows_of_home_are_filled_for_every_sample_shopper(first: Demo) -> None:
    for user in first.record["sample_users"]:
        rows = first.endpoint.ask("/v1/pages/home", query={"user_id": user}).json["rows"]
        assert len([row for row in rows if len(row["items"]) >= 4]) >= 5
        assert {"main", "theme", "because", "trending", "new", "popular"} <= {row["kind"] for row in rows}
        shown = [item["item_id"] for row in rows for item in row["items"]]
        assert len(set(shown)) == len(shown)


def test_the_shop_front_answers_at_the_address_of_the_record_and_shows_the_rows(first: Demo) -> None:
    with urllib.request.urlopen(first.record["storefront"], timeout=60) as answer:  # noqa: S310 - an http address of our own
        page = answer.read().decode()
    shopper = first.record["sample_users"][0]
    rows = first.endpoint.ask("/v1/pages/home", query={"user_id": shopper}).json["rows"]
    assert [row["row"] for row in rows] == re.findall(r'id="row-([^"]+)"', page)
    assert "Tea for two" in page, "the first sample shopper's market has no words of its own"


def test_a_port_in_use_is_named_with_its_option(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        options = ["--ui-port", str(free_port()), "--api-port", str(free_port()), "--storefront-port", port]
        command = [sys.executable, "-m", "recsys", "demo", *options]
        ended = subprocess.run(
            command, env=_environment(tmp_path), capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.strip() == f"recsys: --storefront-port: port {port} is in use; give another one"


def test_ids_are_the_datas_own(first: Demo) -> None:
    assert all(user.isdigit() for user in first.record["sample_users"])
    assert all(item["item_id"][:5].isdigit() for item in first.slate()["items"])


def test_a_shopper_never_seen_gets_a_labelled_fallback(first: Demo) -> None:
    slate = first.slate(user_id="never-seen", limit=20)
    assert slate["personalised"] is False
    assert len(slate["items"]) == 20
    assert {item["source"] for item in slate["items"]} == {"pin", "theme", "fallback"}


def test_what_is_wrong_with_a_question_is_named(first: Demo) -> None:
    wrong = [
        (401, {"surface": "home"}, False, None),
        (400, {"surface": "home", "limit": 0}, True, "limit"),
        (400, {"surface": "home", "colour": "red"}, True, "colour"),
        (404, {"surface": "attic"}, True, "surface"),
    ]
    for status, query, key, field in wrong:
        reply = first.endpoint.ask("/v1/recommendations", query=query, key="" if key else None)
        assert reply.status == status == reply.json["status"]
        assert reply.headers["content-type"] == "application/problem+json"
        if field is not None:
            assert field in {error["field"] for error in reply.json["errors"]}


def test_the_last_sale_was_yesterday_and_the_story_is_told(shop: Shop) -> None:
    with shop.database.read() as unit:
        newest, older = unit.runs.newest(2)
        live = unit.state.pointer().release
        assert live is not None
        info, rules = unit.releases.info(live), unit.releases.rules(live)
    assert newest.cutoff is not None
    assert (shop.clock().date() - newest.cutoff.date()).days in {1, 2}  # 2 when midnight passed meanwhile
    assert (newest.status, older.status, info.run_id) == ("ready", "accepted", older.id)
    kinds = [type(rule).__name__ for rule in rules]
    assert kinds.count("Theme") >= 3
    assert {"Pin", "Veto", "Boost"} <= set(kinds)
    assert verify(shop) == []


def test_a_second_start_keeps_data_and_credentials(first: Demo, home: Path, shop: Shop) -> None:
    with shop.database.read() as unit:
        runs = len(unit.runs.newest(10))
    with running_demo(home) as second:
        same = ("api_key", "users", "sample_users")
        assert {n: second.record[n] for n in same} == {n: first.record[n] for n in same}
        assert second.slate(user_id=second.record["sample_users"][0])["items"]
    with shop.database.read() as unit:
        assert len(unit.runs.newest(10)) == runs
