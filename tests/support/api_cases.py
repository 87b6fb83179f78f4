"""Questions of every sort made from the OpenAPI document, asked of a running endpoint, and judged by the document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi import checks

from support.endpoint import Endpoint

OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
FEW = 10
"""Cases for an address that takes no parameter: there is nothing to vary."""

TOO_LONG = 414

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]

KNOWN = {
    "surface": ["home", "product", "cart"],
    "row": ["main"],
    "user_id": ["ann", "zoë", "stranger"],
    "market": ["GB", "FR", "Atlantis"],
    "item_id": ["i01", "i38"],
    "slug": ["tea-time"],
    "context_item": [["i01"], ["i20", "nope"]],
    "items": [["i01", "i20"], ["nope"]],
    "tag": [["red", "mug"]],
    "cursor": [None],
}
"""Values that mean something to the tiny shop: with texts by chance alone, nearly all questions would end in 404."""


@dataclass
class Campaign:
    """What came of a campaign: how many answers of each status, by operation."""

    endpoint: Endpoint
    key: str
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def run(self, cases: int, start: int = 1) -> None:
        """Ask so many questions, spread over all operations; a fault ends it with the question that shows it."""
        url = f"http://127.0.0.1:{self.endpoint.port}/openapi.json"
        operations = [each.ok() for each in schemathesis.openapi.from_url(url).get_all_operations()]
        keyed = [each for each in operations if each.path not in OPEN]
        rest = cases - FEW * (len(operations) - len(keyed))
        with requests.Session() as session:
            session.headers["X-API-Key"] = self.key
            for number, operation in enumerate(operations):
                share = FEW if operation.path in OPEN else -(-rest // len(keyed))
                self._ask(operation, share, session, start + number)

    def _ask(self, operation: Any, cases: int, session: requests.Session, start: int) -> None:
        asked = 0
        modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

        # Hypothesis ends early where it finds nothing new, so it is begun again with other chances.
        while asked < cases:
            before = asked

            @seed(start * 1_000_003 + asked)
            @settings(
                max_examples=cases - asked,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=st.one_of(modes), data=st.data())
            def one(case: Any, data: st.DataObject) -> None:
                nonlocal asked
                asked += 1
                if case.meta.generation.mode is GenerationMode.POSITIVE and data.draw(st.booleans()):
                    _make_sense(case, data)
                response = case.call(session=session, timeout=30)
                self.answers[operation.label, response.status_code] += 1
                if response.status_code == TOO_LONG:
                    # The server refuses such an address before anybody reads what is in it.
                    case.validate_response(response, checks=[checks.status_code_conformance])
                elif operation.path == "/v1/events":
                    _judge_events(case, response)
                else:
                    case.validate_response(response, checks=CHECKS)

            one()
            assert asked > before


def _judge_events(case: Any, response: Any) -> None:
    """An event that does not follow the document is refused by itself, not with all that came with it."""
    wrong = case.meta.generation.mode is GenerationMode.NEGATIVE and response.status_code == 202
    case.validate_response(response, checks=CHECKS[:-1] if wrong else CHECKS)
    assert not wrong or response.json()["refused"] > 0, case.as_curl_command()


def _make_sense(case: Any, data: st.DataObject) -> None:
    """Put known values in place of some of those drawn."""
    body = case.body if isinstance(case.body, dict) else {}
    for sent in (case.path_parameters or {}, case.query or {}, body):
        for name in sorted(sent.keys() & KNOWN.keys()):
            value = data.draw(st.sampled_from(KNOWN[name]))
            if value is None:
                del sent[name]
            else:
                sent[name] = value
