"""Asking at a given pace, whatever becomes of the answers; a process of its own, so that it costs the watchers little.

    python flood.py PORT KEY REQUESTS_A_SECOND SECONDS MOST

Prints one JSON object: `answers` by status; `accepted`, for each answer of status 200 when it was due (seconds since
the beginning) and how long it took from then; and `faults` in words. At most MOST wait at once, fewer than
the kernel keeps for one server, so that none waits for its own second try: those who would come on top are `not_asked`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_ITEMS = [f"i{number:02d}" for number in range(1, 31)]
QUESTION = {
    "surface": "home",
    "user_id": "stranger",
    "items": _ITEMS,
    "context_item": _ITEMS[:20],
    "limit": 100,
}
"""One that takes the endpoint about a millisecond: with cheap ones the client would be the slower of the two."""


@dataclass
class Flood:
    """What came of it."""

    answers: dict[str, int] = field(default_factory=dict)
    accepted: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    not_asked: int = 0

    def p99(self, after: float = 0.0) -> float:
        """So many seconds took 99 of 100 accepted requests at most, of those due so many seconds after the beginning."""
        took = sorted(seconds for due, seconds in self.accepted if due >= after)
        assert took, self.answers
        return took[int(len(took) * 0.99)]


def flood(port: int, key: str, pace: float, seconds: float, *, most: int = 500) -> Flood:
    """Ask from another process."""
    command = [sys.executable, str(Path(__file__)), str(port), key, str(pace), str(seconds), str(most)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return Flood(**json.loads(done.stdout))


class _Asker:
    def __init__(self, port: int, key: str) -> None:
        body = json.dumps(QUESTION)
        self._port = port
        self._sent = (
            f"POST /v1/recommendations HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.came = Flood()
        self.began = time.monotonic()
        self.waiting = 0

    async def ask(self, due: float) -> None:
        self.waiting += 1
        try:
            await self._ask(due)
        except (OSError, EOFError) as fault:
            self.came.faults.append(f"no answer: {fault!r}")
        finally:
            self.waiting -= 1

    async def _ask(self, due: float) -> None:
        kept = bool(self._idle)
        reader, writer = self._idle.pop() if kept else await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._sent)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        except (OSError, EOFError):
            writer.close()
            if not kept:
                raise
            await self._ask(due)  # it was closed while it was idle
            return
        status, headers = head[9:12], dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        self._note(status, headers, due)
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))

    def _note(self, status: str, headers: dict[str, str], due: float) -> None:
        self.came.answers[status] = self.came.answers.get(status, 0) + 1
        if status == "200":
            self.came.accepted.append((due - self.began, time.monotonic() - due))
        elif status not in {"429", "503"} or int(headers.get("retry-after", 0)) < 1:
            self.came.faults.append(f"{status} {headers}")


async def _run(port: int, key: str, pace: float, seconds: float, most: int) -> dict[str, Any]:
    asker, tasks = _Asker(port, key), set()
    for number in range(int(pace * seconds)):
        due = asker.began + number / pace
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        if asker.waiting >= most:
            asker.came.not_asked += 1
            if not number % 20:
                await asyncio.sleep(0)
            continue
        task = asyncio.create_task(asker.ask(due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return asdict(asker.came)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    given = sys.argv[1:]
    asked = _run(int(given[0]), given[1], float(given[2]), float(given[3]), int(given[4]))
    json.dump(asyncio.run(asked), sys.stdout)
