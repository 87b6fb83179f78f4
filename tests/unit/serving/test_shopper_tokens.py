"""Whom a browser may name: the shopper that the shop's server vouches for, and nobody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.errors import Invalid
from recsys.services.shopper_tokens import read_shopper_token, sign_shopper_token, signing_secret
from recsys.serving.keys import check_allowed
from recsys.serving.parameters import Asked
from recsys.serving.problems import Problem
from recsys.serving.shopper_tokens import ShopperTokens
from recsys.settings import Settings
from recsys.slates.overlays import LiveKey, Shopper

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
SECRET = "rs_a-secret"
KEY = LiveKey("key-1", "browser", frozenset({"read"}), publishable=True)


def token_of(claims, header=None, secret=SECRET):
    def text(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    parts = [header or {"alg": "HS256", "typ": "JWT"}, claims]
    signed = ".".join(text(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)
    return f"{signed}.{text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def claims_of(**more):
    return {"sub": "ann", "exp": SOON.timestamp(), **more}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_a_token_names_whom_it_was_signed_for(user):
    token = sign_shopper_token(SECRET, user, SOON, ["vip"])
    assert read_shopper_token(token, SECRET, NOW) == Shopper(user, frozenset({"vip"}))


@pytest.mark.parametrize(
    "token",
    [
        token_of(claims_of(), secret="another"),
        token_of(claims_of(), header={"alg": "none"}),
        token_of(claims_of(), header={"alg": "RS256"}),
        token_of(claims_of(), header=b"[]"),
        token_of(claims_of(exp=NOW.timestamp())),
        token_of(claims_of(exp=(NOW + timedelta(hours=25)).timestamp())),
        token_of(claims_of(exp=None)),
        token_of(claims_of(exp=True)),
        token_of(claims_of(exp="soon")),
        token_of({"sub": "ann"}),
        token_of({"exp": SOON.timestamp()}),
        token_of(claims_of(sub=17850)),
        token_of(claims_of(sub="")),
        token_of(claims_of(sub="a\u0007")),
        token_of(claims_of(sub="x" * 129)),
        token_of(claims_of(segments="vip")),
        token_of(claims_of(segments=[1])),
        token_of(claims_of(segments=["s"] * 51)),
        token_of(b'{"sub": "ann", "exp": NaN}'),
        token_of(b"\xff"),
        token_of([]),
        "",
        ".",
        "..",
        "a.b",
        "ö.ö.ö",
        "x" * 5000,
    ],
)
def test_a_token_that_does_not_hold_names_nobody(token):
    with pytest.raises(Invalid):
        read_shopper_token(token, SECRET, NOW)


@given(st.data())
def test_a_changed_token_names_nobody(data):
    token = sign_shopper_token(SECRET, "ann", SOON)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_."))
    changed = token[:place] + letter + token[place + 1 :]
    # The last letter of the seal holds two bits that say nothing.
    if changed[:-1] == token[:-1]:
        return
    with pytest.raises(Invalid):
        read_shopper_token(changed, SECRET, NOW)


def test_the_lines_in_the_documentation_sign_a_token():
    text = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text[text.index("### Shopper tokens") :], re.DOTALL)[1]
    found: dict[str, object] = {}
    exec(code, found)  # noqa: S102 - it is what readers run
    token = found["shopper_token"](SECRET, "zoë")
    assert read_shopper_token(token, SECRET, datetime.now(UTC)).user == "zoë"


def test_every_key_has_a_secret_of_its_own(tmp_path):
    def settings(secret):
        return Settings(home=tmp_path, database_url="sqlite:////x.db", secret_key=secret)

    ours, theirs = settings(b"a" * 32), settings(b"b" * 32)
    secrets = {signing_secret(ours, "key-1"), signing_secret(ours, "key-2"), signing_secret(theirs, "key-1")}
    assert len(secrets) == 3
    assert all(re.fullmatch(r"rs_[\w-]{43}", each) for each in secrets)


@pytest.fixture
def tokens(tmp_path):
    settings = Settings(home=tmp_path, database_url="sqlite:////x.db", secret_key=b"a" * 32)
    return ShopperTokens(settings, lambda: NOW)


def test_a_token_beside_a_publishable_key_vouches_for_its_shopper(tokens, incoming):
    token = sign_shopper_token(signing_secret(tokens.settings, KEY.id), "ann", SOON, ["vip"])
    key = tokens.vouched(incoming(x_shopper_token=token), KEY)
    check_allowed(Asked(surface="home", user_id="ann", segment=("vip",)), key)
    assert (key.tells_because, KEY.tells_because) == (True, False)
    for asked, field in (
        (Asked(surface="home", user_id="bob"), "user_id"),
        (Asked(surface="home", segment=("staff",)), "segment"),
        (Asked(surface="home", fields=("attributes",)), "fields"),
        (Asked(surface="home", at=NOW), "at"),
    ):
        with pytest.raises(Problem) as caught:
            check_allowed(asked, key)
        assert (caught.value.status, caught.value.errors[0].field) == (403, field)


def test_a_token_of_another_key_is_refused(tokens, incoming):
    token = sign_shopper_token(signing_secret(tokens.settings, "key-2"), "ann", SOON)
    with pytest.raises(Problem) as caught:
        tokens.vouched(incoming(x_shopper_token=token), KEY)
    assert caught.value.status == 401
    assert dict(caught.value.headers)["WWW-Authenticate"].startswith("Bearer ")


def test_a_secret_key_needs_no_token_and_takes_none(tokens, incoming):
    secret = replace(KEY, publishable=False)
    assert tokens.vouched(incoming(), secret) is secret
    with pytest.raises(Problem) as caught:
        tokens.vouched(incoming(x_shopper_token="x"), secret)
    assert caught.value.status == 400
