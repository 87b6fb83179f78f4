"""Counting what an editor does."""

from __future__ import annotations

from playwright.sync_api import Page


class Hands:
    """Hands on the keyboard that count what they do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, key: str) -> None:
        """Press one key, or two together."""
        self.page.keyboard.press(key)
        self.count += 1

    def write(self, text: str) -> None:
        """Type a text."""
        self.page.keyboard.type(text)
        self.count += 1
