"""A run's changes as they arrive on its page, and an invitation from the admin's page to the guest's desk."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from support.desk import PASSWORD, email_of, make_desk_home, open_desk
from werkzeug.serving import make_server

from recsys.domain.people import Role

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def address(tmp_path_factory, migrated_sqlite) -> Iterator[str]:
    home = tmp_path_factory.mktemp("runs-and-people")
    shutil.copy(migrated_sqlite, home / "recsys.db")
    make_desk_home(home, f"sqlite:///{home / 'recsys.db'}")
    desk = open_desk(home)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    desk.shop.database.close()


def sign_in(page: Page, address: str, role: Role) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(email_of(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def violations(page: Page, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def test_what_a_run_would_change_arrives_on_its_page(new_page, address, axe_source):
    page = new_page(bypass_csp=True, reduced_motion="reduce")
    sign_in(page, address, Role.PUBLISHER)
    page.goto(f"{address}/runs/run-2")
    expect(page.get_by_role("heading", name="Who is shown more, who less")).to_be_visible()
    expect(page.get_by_text("Stays on a slate")).to_be_visible()
    expect(page.get_by_role("heading", name="Shopper ann")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, axe_source) == []


def test_an_invitation_goes_from_the_admins_page_to_the_guests_desk(new_page, address, axe_source):
    admin, guest = (
        new_page(bypass_csp=True, reduced_motion="reduce"),
        new_page(bypass_csp=True, reduced_motion="reduce"),
    )
    sign_in(admin, address, Role.ADMIN)
    admin.goto(f"{address}/people")
    assert violations(admin, axe_source) == []
    admin.get_by_label("Email").fill("eve@shop.example")
    admin.get_by_label("Name").fill("Eve")
    admin.get_by_role("button", name="Make the link").click()
    link = admin.get_by_label("Link", exact=True)
    expect(link).to_be_visible()
    assert violations(admin, axe_source) == []
    guest.goto(link.input_value())
    assert violations(guest, axe_source) == []
    guest.get_by_label("Password", exact=True).fill("four words in a row")
    guest.get_by_label("Password again").fill("four words in a row")
    guest.get_by_role("button", name="Come in").click()
    guest.wait_for_url(f"{address}/")
    expect(guest.get_by_role("link", name="Eve")).to_be_visible()
    for width in (768, 320):
        admin.set_viewport_size({"width": width, "height": 900})
        assert admin.evaluate("document.documentElement.scrollWidth") <= width
