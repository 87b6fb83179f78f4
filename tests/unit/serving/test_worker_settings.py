"""Workers see the settings that the server was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recsys.serving.server import worker_environment
from recsys.settings import Settings


@pytest.mark.parametrize("url", ["", "postgresql://shop:secret@db.example/shop"])
def test_what_workers_read_is_what_the_server_was_given(tmp_path, url):
    given = Settings.from_environment(
        {
            "RECSYS_HOME": str(tmp_path),
            "RECSYS_DATABASE_URL": url,
            "RECSYS_SECRET_KEY": "k" * 40,
            "RECSYS_REFRESH_SECONDS": "0.1",
            "RECSYS_RELEASE_HOLD_MINUTES": "90",
            "RECSYS_LOG_LEVEL": "warning",
        }
    )
    assert Settings.from_environment(worker_environment(given)) == given
    # Host, port and the number of workers concern the server alone.
    assert Settings.from_environment(worker_environment(replace(given, api_port=9))) == given
