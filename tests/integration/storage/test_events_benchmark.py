"""The benchmark of events does what it says: everything told is there, the upgrade is done, what is old is gone."""

from __future__ import annotations

from pathlib import Path

from events import DAYS, KEPT_DAYS, LOT, measure
from sqlalchemy import inspect

from recsys.storage.engine import make_engine


def test_the_benchmark_of_events_on_a_small_table(empty_postgres_url: str, tmp_path: Path) -> None:
    count = 2_000
    result = measure(empty_postgres_url, tmp_path / "home", count, steady_seconds=0.2)
    told = result["ingestion"]["lots"] * LOT
    assert told == count // 2
    later = sum(
        result[part]["lots"]
        for part in ("ingestion_when_full", "adding_a_column", "adding_an_index", "retention")
    )
    past = (count - told) * (DAYS - KEPT_DAYS) // DAYS
    assert result["events_left"] == count - past + later * LOT
    engine = make_engine(empty_postgres_url)
    assert "device" in {column["name"] for column in inspect(engine).get_columns("event")}
    assert "ix_event_received_at" in {index["name"] for index in inspect(engine).get_indexes("event")}
    engine.dispose()
