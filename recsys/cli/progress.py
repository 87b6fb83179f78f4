"""Progress bars for whoever waits at a terminal; plain lines where there is none."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_console = Console(stderr=True)


class Bars:
    """A bar a step, on stderr. Without a terminal, one line a finished step that took over two seconds."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=_console,
            disable=not _console.is_terminal,
        )
        self._task: TaskID | None = None
        self._name = ""
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()
        self._bars.stop()

    def step(self, name: str, total: int) -> None:
        """Begin a step of `total` units; the step before is over."""
        self._finish()
        self._name, self._since = name, time.monotonic()
        self._task = self._bars.add_task(name, total=max(total, 1))

    def advance(self, n: int = 1) -> None:
        """`n` more units of the present step are done."""
        if self._task is not None:
            self._bars.advance(self._task, n)

    def _finish(self) -> None:
        if self._task is None:
            return
        self._bars.update(self._task, completed=self._bars.tasks[self._task].total)
        self._task = None
        took = time.monotonic() - self._since
        if not _console.is_terminal and took > 2:
            _console.print(f"{self._name} took {took:.0f} s", highlight=False)
