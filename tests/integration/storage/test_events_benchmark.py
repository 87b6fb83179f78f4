"""The benchmark of events does what it says: everything told is there, the upgrade is done, what is old is gone."""

from __future__ import annotations

from pathlib import Path

from events import DAYS, KEPT_DAYS, LOT, measure, measure_upgrade
from sqlalchemy import inspect

from recsys.storage.engine import make_engine
from recsys.storage.migrate import differences


def test_the_benchmark_of_events_on_a_small_table(empty_postgres_url: str, tmp_path: Path) -> None:
    count = 2_000
    result = measure(empty_postgres_url, tmp_path / "home", count, steady_seconds=0.2)
    told = result["ingestion"]["lots"] * LOT
    assert told == count // 2
    later = sum(
        result[part]["lots"]
        for part in ("ingestion_when_full", "adding_a_column", "adding_an_index", "retention")
    )
    a_day = (count - told) // DAYS
    past = count + later * LOT - result["events_left"]
    # Whole days go, so that the last one of those past their time may still be there.
    assert (DAYS - KEPT_DAYS - 1) * a_day <= past <= (DAYS - KEPT_DAYS) * a_day
    assert result["keys_left"] == result["events_left"]
    engine = make_engine(empty_postgres_url)
    assert "device" in {column["name"] for column in inspect(engine).get_columns("event")}
    assert "ix_event_received_at" in {index["name"] for index in inspect(engine).get_indexes("event")}
    engine.dispose()


def test_the_benchmark_of_the_upgrade_on_a_small_table(empty_postgres_url: str) -> None:
    result = measure_upgrade(empty_postgres_url, 2_000)
    assert result["events_left"] == result["keys_left"] == 2_000 + result["lots"] * LOT
    assert differences(empty_postgres_url) == []
