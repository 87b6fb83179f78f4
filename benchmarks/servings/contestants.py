"""The servers that are compared, each started on a free port and stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote

from servings.load import Target
from servings.shop import Served, user_id

_START_SECONDS = 120
PEERS = ("fastapi", "uvicorn[standard]", "redis[hiredis]")
LIMIT = 20

_NGINX = """
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ application/json json; }}
  server {{ listen 127.0.0.1:{port} reuseport; root {folder}/www; }}
}}
"""

_FASTAPI = """
import json, os
from fastapi import FastAPI, Request, Response
import redis.asyncio as redis
app = FastAPI()
store = redis.Redis(port=int(os.environ["BENCH_REDIS"]), max_connections=64)
KEY = os.environ["BENCH_KEY"]
@app.get("/v1/recommendations")
async def recommendations(request: Request, user_id: str, surface: str = "home", limit: int = 20):
    if request.headers.get("x-api-key") != KEY:
        return Response(status_code=401)
    return json.loads(await store.get(f"slate:{user_id}"))
@app.get("/raw")
async def raw(request: Request, user_id: str):
    if request.headers.get("x-api-key") != KEY:
        return Response(status_code=401)
    return Response(await store.get(f"slate:{user_id}"), media_type="application/json")
"""

_IMPLICIT = """
import numpy as np
from flask import Flask, jsonify, request
from implicit.als import AlternatingLeastSquares
from scipy.sparse import random as sparse
likes = sparse(30_000, 5_000, density=0.002, format="csr", dtype=np.float32, random_state=1)
model = AlternatingLeastSquares(factors=32, iterations=1, num_threads=1, random_state=1)
model.fit(likes, show_progress=False)
app = Flask(__name__)
@app.get("/v1/recommendations")
def recommendations():
    user = int(request.args["user_id"].rpartition("-")[2]) % 30_000
    items, scores = model.recommend(user, likes[user], N=20)
    return jsonify([{"item_id": str(i), "score": float(s)} for i, s in zip(items, scores)])
"""


@contextmanager
def ours(served: Served, folder: Path, shoppers: Sequence[int], workers: int = 1) -> Iterator[Target]:
    """The endpoint, with the workers asked for; one is what is compared."""
    port = free_port()
    environment = {**served.environment, "RECSYS_API_PORT": str(port), "RECSYS_LOG_LEVEL": "info"}
    command = [sys.executable, "-m", "recsys", "serve", "--workers", str(workers)]
    with _running(command, folder / "recsys.log", environment) as server:
        _wait(port, "/readyz")
        yield Target("recsys", port, [asking(each) for each in shoppers], served.key, (server.pid,))


@contextmanager
def nginx(bodies: Mapping[int, bytes], folder: Path) -> Iterator[Target]:
    """Nginx with every answer in a file of its own."""
    www, port = folder / "www", free_port()
    www.mkdir()
    for shopper, body in bodies.items():
        (www / f"{shopper}.json").write_bytes(body)
    # As root, nginx reads with workers of nobody's.
    for each in (folder, www):
        each.chmod(0o755)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port), encoding="utf-8")
    command = [_found("nginx", "/usr/sbin/nginx"), "-c", str(folder / "nginx.conf")]
    with _running(command, folder / "nginx.log", {}) as server:
        paths = [f"/{shopper}.json" for shopper in bodies]
        _wait(port, paths[0])
        yield Target("nginx", port, paths, "none", (server.pid,))


@contextmanager
def fastapi_redis(bodies: Mapping[int, bytes], folder: Path) -> Iterator[Target]:
    """FastAPI under uvicorn with uvloop, one worker, as it is usually written: the list from Redis is returned.

    Under `/raw` it passes the text on unread; nothing that uses FastAPI could do less.
    """
    store, port = free_port(), free_port()
    command = [
        _found("redis-server"),
        "--port",
        str(store),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    python = peers_python()
    with _running(command, folder / "redis.log", {}) as keeper:
        _wait_port(store)
        _fill(store, bodies)
        (folder / "peer.py").write_text(_FASTAPI, encoding="utf-8")
        serve = [
            str(python),
            "-m",
            "uvicorn",
            "peer:app",
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "warning",
        ]
        environment = {"BENCH_REDIS": str(store), "BENCH_KEY": "bench", "PYTHONPATH": str(folder)}
        with _running(serve, folder / "fastapi.log", environment) as server:
            _wait_port(port)
            yield Target(
                "fastapi-redis", port, [asking(each) for each in bodies], "bench", (keeper.pid, server.pid)
            )


def raw_of(target: Target) -> Target:
    """The same server asked for the text unread."""
    paths = [each.replace("/v1/recommendations", "/raw") for each in target.paths]
    return Target("fastapi-redis-raw", target.port, paths, target.key, target.processes)


@contextmanager
def flask_implicit(shoppers: Sequence[int], folder: Path) -> Iterator[Target]:
    """Flask that calls implicit's recommend in the request, under Granian like ours, one worker."""
    port = free_port()
    (folder / "implicit_peer.py").write_text(_IMPLICIT, encoding="utf-8")
    serve = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"]
    environment = {"PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    with _running([*serve, "implicit_peer:app"], folder / "flask.log", environment) as server:
        _wait(port, asking(shoppers[0]))
        yield Target("flask-implicit", port, [asking(each) for each in shoppers], "none", (server.pid,))


def asking(shopper: int) -> str:
    """The path and query of a shopper's question."""
    return f"/v1/recommendations?surface=home&user_id={quote(user_id(shopper))}&limit={LIMIT}"


def answer(target: Target, path: str) -> bytes:
    """The body of one answer."""
    connection = HTTPConnection("127.0.0.1", target.port, timeout=30)
    try:
        connection.request("GET", path, headers={"X-API-Key": target.key})
        got = connection.getresponse()
        body = got.read()
    finally:
        connection.close()
    if got.status != 200:
        sys.exit(f"{target.name} answered {got.status} to {path}: {body[:300]!r}")
    return body


def peers_python() -> Path:
    """The Python of an environment with the peers in it, made within ours where it is missing."""
    home = Path(sys.prefix) / "serving-peers"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-qq", *PEERS], check=True, stderr=subprocess.DEVNULL
        )
        (home / "complete").touch()
    return python


def peer_versions() -> dict[str, str]:
    """What is installed of the peers."""
    show = "import json,importlib.metadata as m;print(json.dumps({n:m.version(n) for n in ('fastapi','uvicorn','redis','hiredis','uvloop')}))"
    done = subprocess.run([str(peers_python()), "-c", show], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fill(port: int, bodies: Mapping[int, bytes]) -> None:
    """Put the answers into Redis, in its own protocol: one line of it needs no client here."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for shopper, body in bodies.items():
            parts = [b"SET", f"slate:{user_id(shopper)}".encode(), body]
            connection.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(each), each) for each in parts))
            if connection.recv(64) != b"+OK\r\n":
                sys.exit("Redis did not take an answer.")


@contextmanager
def _running(
    command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _found(name: str, elsewhere: str = "") -> str:
    found = shutil.which(name) or (elsewhere if Path(elsewhere).is_file() else None)
    if found is None:
        sys.exit(f"{name} is missing: apt-get install {name}")
    return found


def _wait(port: int, path: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    sys.exit(f"Nothing answered at port {port}{path} in {_START_SECONDS} s.")


def _wait_port(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"Nothing listened at port {port} in {_START_SECONDS} s.")
