"""Serve the shop front as the file in `RECSYS_HOME` says."""

from __future__ import annotations

import os

from recsys.demo.storefront.config import read_config
from recsys.hosting.supervisor import host
from recsys.settings import Settings

TARGET = "recsys.demo.storefront.app:create_app"


def main() -> None:
    """Answer until SIGTERM or SIGINT."""
    settings = Settings.from_environment(os.environ)
    host(TARGET, settings, port=read_config(settings.home).port, workers=1)


if __name__ == "__main__":
    main()
