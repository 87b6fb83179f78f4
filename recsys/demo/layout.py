"""The rows of the demonstration's home page, as its editors laid them out."""

from __future__ import annotations

from dataclasses import replace

from recsys.domain.people import Actor
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import SurfaceSettings, theme_id
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.releasing import publish
from recsys.services.shop import Shop

HOME = "home"
_SIZE = 12


def home_rows() -> tuple[RowSettings, ...]:
    """Eight rows, of every kind at least one."""

    def row(name: str, kind: RowKind, *, theme: str | None = None, **more: object) -> RowSettings:
        shown = None if theme is None else theme_id(theme)
        return RowSettings(name, kind=kind, theme=shown, **{"size": _SIZE, "min_size": 4, **more})  # type: ignore[arg-type]  # keywords of RowSettings

    return (
        RowSettings(title="Chosen for you"),
        row("tea", RowKind.THEME, theme="tea-for-two"),
        row(
            "because",
            RowKind.BECAUSE,
            titles={
                "France": "Parce que vous avez acheté {item}",
                "Germany": "Weil Sie {item} gekauft haben",
            },
        ),
        row("trending", RowKind.TRENDING, title="Selling fast", titles={"Germany": "Gerade gefragt"}),
        row("new", RowKind.NEW, title="Just arrived", titles={"Germany": "Neu eingetroffen"}),
        row("popular", RowKind.POPULAR),
        row("lights", RowKind.THEME, theme="light-the-evening"),
        row(
            "buy-again",
            RowKind.BUY_AGAIN,
            min_size=2,
            repeats=True,
            group_limit=0,
            titles={"France": "À racheter", "Germany": "Wieder kaufen"},
        ),
    )


def laid_out(home: SurfaceSettings) -> SurfaceSettings:
    """The home page with the demonstration's rows."""
    return replace(home, rows=home_rows())


def ensure_layout(shop: Shop, actor: Actor) -> None:
    """Give a home of an older version its rows, unless somebody has touched the home page since."""
    draft = read_draft(shop)
    home = draft.live.surface(HOME)
    untouched = home is not None and home.rows == (RowSettings(),) and draft.rules.get(home.id) == home
    if home is None or not untouched:
        return
    themes = {row.theme for row in home_rows() if row.theme is not None}
    if not all(draft.live.get(theme) for theme in themes):
        return
    change = put_rule(shop, actor, laid_out(home), expected=rule_token(draft, home.id))
    publish(shop, actor, [change.id], comment="Rows for the home page")
