"""What happens to the endpoint when a part of it, or of what it needs, is away."""

from __future__ import annotations

import os
import signal
import time

from sqlalchemy import make_url
from support.endpoint import PATIENCE_SECONDS, running_endpoint
from support.tiny_shop import SECRET, add_tiny_run, make_tiny_shop, tiny_items

from recsys.domain.people import OPERATOR
from recsys.services.catalog import upsert_items
from recsys.services.keys import add_key
from recsys.services.releasing import accept_run
from recsys.services.shop import open_shop
from recsys.settings import Settings


def eventually(holds):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def pids(endpoint):
    return {line["pid"] for line in endpoint.log_lines() if "pid" in line}


def test_a_worker_that_is_killed_is_started_again(own):
    before = pids(own.endpoint)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    own.endpoint.until_every_worker(
        lambda worker: worker.recommend().status == 200, "an answer from two workers again"
    )
    assert len(pids(own.endpoint)) == 3


def test_before_the_first_release_the_answer_says_so(tmp_path, empty_database_url, upgrade):
    environment = {
        "RECSYS_HOME": str(tmp_path),
        "RECSYS_DATABASE_URL": empty_database_url,
        "RECSYS_SECRET_KEY": SECRET,
    }
    settings = Settings.from_environment(environment)
    with running_endpoint(environment, tmp_path, workers=1, ready=False) as endpoint:
        assert endpoint.ask("/readyz", key=None).status == 503
        unknown = endpoint.recommend(key="any")
        assert unknown.status == 503, "nobody can tell yet whether the key is good"
        assert int(unknown.headers["retry-after"]) >= 1
        upgrade(settings.database_url)
        shop = open_shop(settings)
        key, _ = add_key(shop, OPERATOR, "storefront", ["read"])
        eventually(lambda: "Nothing published yet" in endpoint.recommend(key=key).json["detail"])
        waiting = endpoint.recommend(key=key)
        assert waiting.status == 503
        assert int(waiting.headers["retry-after"]) >= 1
        upsert_items(shop, OPERATOR, tiny_items())
        add_tiny_run(shop, 1)
        accept_run(shop, OPERATOR, "run-1")
        eventually(lambda: endpoint.ask("/readyz", key=None).status == 200)
        assert endpoint.recommend(key=key).status == 200
        shop.database.close()


def test_the_last_good_state_goes_on_while_the_database_is_away(tmp_path, postgres, postgres_url):
    tiny = make_tiny_shop(tmp_path, postgres_url)
    tiny.shop.database.close()
    name = make_url(postgres_url).database
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint:
        before = endpoint.recommend(user_id="ann").item_ids
        postgres.execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        rows = {"items": [{"item_id": "i20", "stock": 0}]}
        refused = endpoint.ask("/v1/items", method="POST", key=tiny.keys.admin, body=rows)
        assert refused.status == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert [endpoint.recommend(user_id="ann").item_ids for _ in range(10)] == [before] * 10
        postgres.execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)

        def taken():
            return endpoint.ask("/v1/items", method="POST", key=tiny.keys.admin, body=rows).status == 200

        eventually(taken)


def test_the_server_ends_in_good_order_when_asked(own):
    own.endpoint.process.send_signal(signal.SIGTERM)
    assert own.endpoint.process.wait(timeout=PATIENCE_SECONDS) == 0
