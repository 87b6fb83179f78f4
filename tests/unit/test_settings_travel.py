"""A process that is started sees the settings of the one that starts it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from recsys.settings import SETTINGS, Settings

GIVEN = {
    "RECSYS_SECRET_KEY": "k" * 40,
    "RECSYS_DATABASE_CONNECTIONS": "40",
    "RECSYS_STATEMENT_SECONDS": "20",
    "RECSYS_LOCK_SECONDS": "2.5",
    "RECSYS_STORE_URL": "s3://shop/recsys",
    "RECSYS_SNAPSHOT_DAYS": "30",
    "RECSYS_DATASETS": "/srv/datasets",
    "RECSYS_SPARK_FOLDER": "/mnt/shared/spark",
    "RECSYS_HOST": "192.0.2.7",
    "RECSYS_UI_PORT": "9000",
    "RECSYS_API_PORT": "9001",
    "RECSYS_WORKERS": "3",
    "RECSYS_REFRESH_SECONDS": "0.1",
    "RECSYS_RELEASE_HOLD_MINUTES": "90",
    "RECSYS_SHED_SECONDS": "1.5",
    "RECSYS_SESSION_DAYS": "45",
    "RECSYS_EVENT_DAYS": "120",
    "RECSYS_SHOP_NAME": "Käthe's shop",
    "RECSYS_TIMEZONE": "Europe/Berlin",
    "RECSYS_HTTPS": "on",
    "RECSYS_AUTO_ACCEPT": "gate",
    "RECSYS_LOG_LEVEL": "warning",
}


@pytest.mark.parametrize("url", ["", "postgresql://shop:secret@db.example/shop"])
def test_settings_survive_the_way_through_the_environment(tmp_path, url):
    given = Settings.from_environment({**GIVEN, "RECSYS_HOME": str(tmp_path), "RECSYS_DATABASE_URL": url})
    assert Settings.from_environment(given.to_environment()) == given


def test_no_setting_is_left_behind(tmp_path):
    given = Settings.from_environment({**GIVEN, "RECSYS_HOME": str(tmp_path)})
    assert set(given.to_environment()) == {setting.name for setting in SETTINGS}
    defaults = Settings.from_environment({"RECSYS_HOME": str(tmp_path)})
    same = [
        each.name for each in fields(Settings) if getattr(given, each.name) == getattr(defaults, each.name)
    ]
    assert same == ["home", "database_url"], "every other setting is given another value here"
