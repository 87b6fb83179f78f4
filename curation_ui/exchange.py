"""Files of rules out and in again, one kind of file a blueprint: a look at what would happen first, then all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, Tone, done, undo_address
from curation_ui.uploads import chosen_file, kept, looked_at
from recsys.data.rule_sheets import MAX_BYTES, MAX_ROWS
from recsys.domain.errors import Invalid
from recsys.domain.people import Actor
from recsys.services.bulk import Step
from recsys.services.exchanging import Plan
from recsys.services.shop import Shop

SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One kind of file.

    Attributes:
        name: of the blueprint, of its folder of templates and of the file.
        columns: of the file.
        plan, bring_in: the use cases.
        counted: “3 rules”.

    """

    name: str
    columns: Sequence[str]
    plan: Callable[[Shop, Actor, bytes], Plan]
    bring_in: Callable[[Shop, Actor, bytes], tuple[Plan, Step | None]]
    counted: Callable[[int], str]

    def install(self, bp: Blueprint) -> None:
        """Give a blueprint the pages on which a file is chosen, looked at and brought in."""
        bp.add_url_rule("/import", "choose_file", self._page)
        bp.add_url_rule("/import", "look_at_file", self._look, methods=["POST"])
        bp.add_url_rule("/import/apply", "bring_in", self._bring, methods=["POST"])

    def download(self, content: str) -> Response:
        """The answer that a browser keeps as a file."""
        response = make_response(content)
        response.headers["Content-Type"] = "text/csv; charset=utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        return response

    def _look(self) -> Response:
        """What a file would do, and every line that is bad; nothing is changed."""
        data = chosen_file()
        if not data:
            return make_response(self._page(error=_("Choose a file that is not empty.")), 422)
        try:
            plan = self.plan(context.shop(), context.actor(), data)
        except Invalid as error:
            return make_response(self._page(error=_("The file %(why)s.", why=error.message)), 422)
        return self._planned(plan, data)

    def _bring(self) -> Response:
        """Bring what was looked at into the draft as one step."""
        data = looked_at()
        plan, step = self.bring_in(context.shop(), context.actor(), data)
        if step is None:
            # Somebody changed the draft since the look: what stands now is looked at again.
            return self._planned(plan, data)
        context.wrote()
        text = _("Brought %(count)s into the draft.", count=self.counted(step.count))
        return done(Toast(text, Tone.GOOD, undo_address(step)), url_for(f"{self.name}.index"))

    def _planned(self, plan: Plan, data: bytes) -> Response:
        return make_response(self._page(plan, data), 422 if plan.problems else 200)

    def _page(self, plan: Plan | None = None, data: bytes = b"", error: str = "") -> str:
        return render_template(
            f"{self.name}/import.html",
            exchange=self.name,
            plan=plan,
            data=kept(data) if plan is not None and not plan.problems else "",
            error=error,
            most_kilobytes=MAX_BYTES // 1024,
            most_rows=MAX_ROWS,
            columns=self.columns,
            shown=SHOWN,
        )
