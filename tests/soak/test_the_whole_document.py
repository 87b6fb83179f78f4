"""Twenty thousand questions made from the OpenAPI document find nothing that it does not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.api_cases import Campaign
from support.endpoint import running_endpoint
from support.tiny_shop import make_tiny_shop


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_twenty_thousand_questions_find_no_undocumented_answer(tmp_path: Path, sqlite_url: str) -> None:
    tiny = make_tiny_shop(tmp_path, sqlite_url)
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint:
        campaign = Campaign(endpoint, tiny.keys.admin)
        campaign.run(20_000, start=1_000)
    assert sum(campaign.answers.values()) >= 20_000
    assert not [answer for answer in campaign.answers if answer[1] >= 500]
