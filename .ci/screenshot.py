"""Take the README's pictures of the running demonstration, which `make demo` has started in another terminal.

Usage: `.venv/bin/python .ci/screenshot.py var/demo.json docs/images`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from browser import find
from playwright.sync_api import Page, ViewportSize, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SIZE = ViewportSize(width=1440, height=920)


def main(record_path: str, folder: str) -> None:
    """Sign in as the publisher, and take the pages one by one."""
    record = json.loads(Path(record_path).read_text())
    shopper = record["sample_users"][0]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = chromium.new_page(viewport=SIZE)
        sign_in(page, record)
        for name, address in (
            ("surface", f"/surfaces/home?as={shopper}"),
            ("difference", f"/surfaces/home?as={shopper}&show=difference"),
            ("theme", "/themes/tea-for-two"),
        ):
            page.goto(record["ui"] + address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=Path(folder) / f"{name}.png")
        page.goto(record["storefront"])
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(folder) / "storefront.png")
        chromium.close()


def sign_in(page: Page, record: dict[str, object]) -> None:
    """Fill in the form at `/login`."""
    user = next(each for each in record["users"] if each["role"] == "publisher")  # type: ignore[attr-defined]  # decoded JSON
    page.goto(f"{record['ui']}/login")
    page.get_by_label("Email").fill(user["email"])
    page.get_by_label("Password").fill(user["password"])
    page.get_by_role("button", name="Sign in").click()


if __name__ == "__main__":
    main(*sys.argv[1:])
