"""Three editors at once: whatever the order of their looks and deeds, the history is the state, and nothing is lost.

An editor looks at the draft, others act meanwhile, and only then does the editor act on what was seen: every
interleaving of looks and deeds is drawn from a seed. 200 of them on each database.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.people import Actor
from recsys.domain.rules import Pin
from recsys.services.auditing import entries, verify
from recsys.services.drafting import Draft, put_rule, read_draft, remove_rule, rule_token, undo
from recsys.services.proposing import hand_back, propose, waiting_proposals, withdraw
from recsys.services.releasing import publish, roll_back
from recsys.services.settling import settle
from recsys.services.shop import Shop
from tests.integration.rule_examples import pin, theme
from tests.integration.shops import ANN, BOB, PAT

SHOPS, EACH, STEPS = 10, 20, 10
RULES = [f"pin-{number}" for number in range(1, 5)]
REFUSALS = (Conflict, Forbidden, Invalid, NotFound)


@dataclass
class Ledger:
    """What was acknowledged: changes made, taken back and published."""

    made: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)
    published: set[int] = field(default_factory=set)
    refused: int = 0


@dataclass
class Editor:
    """Somebody with the draft as they last saw it."""

    shop: Shop
    actor: Actor
    draw: random.Random
    ledger: Ledger
    seen: Draft

    def step(self) -> None:
        """Look again, or do one thing on what was seen; a refusal is what makes one look again."""
        deed = self.draw.choices([*DEEDS], [*DEEDS.values()])[0]
        try:
            deed(self)
        except REFUSALS:
            self.ledger.refused += 1
            look(self)

    def some_change(self) -> int:
        """One of the changes that were seen."""
        if not self.seen.changes:
            raise Invalid("change", "there is none")
        return self.draw.choice(self.seen.changes).id


def look(editor: Editor) -> None:
    editor.seen = read_draft(editor.shop)


def edit(editor: Editor) -> None:
    rule_id = editor.draw.choice([*RULES, "theme-spring"])
    picked = tuple(editor.draw.sample(["lamp", "mug", "clock"], 2))
    rule = (
        theme(picks=picked) if rule_id == "theme-spring" else pin(editor.draw.randint(1, 9), rule_id=rule_id)
    )
    made = put_rule(editor.shop, editor.actor, rule, expected=rule_token(editor.seen, rule.id))
    editor.ledger.made.add(made.id)


def place_theme(editor: Editor) -> None:
    rule = Pin(id="pin-theme", slot=editor.draw.randint(1, 9), theme="theme-spring")
    made = put_rule(editor.shop, editor.actor, rule, expected=rule_token(editor.seen, rule.id))
    editor.ledger.made.add(made.id)


def remove(editor: Editor) -> None:
    rule_id = editor.draw.choice([*RULES, "theme-spring"])
    made = remove_rule(editor.shop, editor.actor, rule_id, expected=rule_token(editor.seen, rule_id))
    editor.ledger.made.add(made.id)


def take_back(editor: Editor) -> None:
    change = editor.some_change()
    undo(editor.shop, editor.actor, change)
    editor.ledger.undone.add(change)


def publish_some(editor: Editor) -> None:
    seen = [change.id for change in editor.seen.changes]
    chosen = editor.draw.sample(seen, editor.draw.randint(0, len(seen)))
    publish(editor.shop, editor.actor, chosen, expected_release=editor.seen.live_number)
    editor.ledger.published.update(chosen)


def go_back(editor: Editor) -> None:
    number = editor.draw.randint(1, editor.seen.live_number or 1)
    roll_back(editor.shop, editor.actor, number, what="rules", expected_release=editor.seen.live_number)


def propose_some(editor: Editor) -> None:
    propose(editor.shop, editor.actor, [editor.some_change()])


def answer(editor: Editor) -> None:
    waiting = waiting_proposals(editor.shop)
    if waiting:
        chosen = editor.draw.choice(waiting).id
        if editor.draw.random() < 0.5:
            hand_back(editor.shop, editor.actor, chosen, word="not yet")
        else:
            withdraw(editor.shop, editor.actor, chosen)


def settle_one(editor: Editor) -> None:
    moved = [conflict.change.id for conflict in editor.seen.conflicts]
    if not moved:
        raise Invalid("change", "none has moved")
    before = {change.id for change in read_draft(editor.shop).changes}
    settle(editor.shop, editor.actor, editor.draw.choice(moved), keep=editor.draw.random() < 0.5)
    after = {change.id for change in read_draft(editor.shop).changes}
    editor.ledger.made |= after - before
    editor.ledger.undone |= before - after


DEEDS = {
    look: 8, edit: 10, place_theme: 2, remove: 2, take_back: 4, publish_some: 4, go_back: 1, propose_some: 2, answer: 2,
    settle_one: 3,
}  # fmt: skip


@pytest.mark.parametrize("seed", range(SHOPS))
def test_the_history_replays_to_the_state_and_nothing_is_lost(shop, seed):
    draw, ledger = random.Random(seed), Ledger()
    editors = [Editor(shop, actor, draw, ledger, read_draft(shop)) for actor in (ANN, BOB, PAT)]
    for number in range(EACH):
        for _ in range(STEPS):
            draw.choice(editors).step()
        assert verify(shop) == [], f"interleaving {number} of seed {seed}"
        left = {change.id for change in read_draft(shop).changes}
        assert left == ledger.made - ledger.undone - ledger.published, f"interleaving {number} of seed {seed}"
        assert not ledger.undone & ledger.published
    assert ledger.refused > 0
    told = {entry.command for entry in entries(shop, limit=500)}
    assert {"draft.change", "draft.undo", "release.publish"} <= told
