"""Reading the surface page and its parts."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, search
from curation_ui.surfaces.blueprint import bp
from curation_ui.surfaces.making import audiences
from curation_ui.surfaces.scene import Scene, gather, surface_of
from curation_ui.surfaces.shoppers import grouped
from curation_ui.surfaces.view import View, read_view, safe_view
from curation_ui.surfaces.zones import known_zones
from curation_ui.toasts import from_htmx
from curation_ui.vetoes import standing_reasons
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.rules import SurfaceSettings
from recsys.services.samples import sample_shoppers

FOUND = 12


@bp.get("/")
def index() -> Response:
    """Go to the first surface of the shop."""
    surfaces = context.draft().rules.of(SurfaceSettings)
    if not surfaces:
        raise NotFound("surface", "There is no surface yet; the first release makes them.")
    home = next((each for each in surfaces if each.slug == "home"), surfaces[0])
    return redirect(url_for("surfaces.show", slug=home.slug))


@bp.get("/<slug>")
def show(slug: str) -> str | tuple[str, int]:
    """The surface as the address asks; htmx gets the stage alone."""
    view, problem = view_asked(slug)
    scene = gather(
        context.shop(),
        context.state(),
        context.draft(),
        view,
        person=context.me(),
        problem=problem,
    )
    return render_template("surfaces/stage.html" if from_htmx() else "surfaces/page.html", **values(scene))


@bp.get("/<slug>/find")
def find(slug: str) -> str:
    """The catalog items that match `q`, to be put on the grid."""
    view, _problem = view_asked(slug)
    text = request.args.get("q", "").strip()
    found = search.items(text, FOUND)
    return render_template("surfaces/found.html", view=view, text=text, items=found)


@bp.get("/<slug>/beside")
def find_context(slug: str) -> str:
    """The catalog items that match what was typed, to stand on the page that the surface is beside."""
    view, _problem = view_asked(slug)
    text = request.args.get("context", "").strip()
    found = search.items(text, FOUND)
    return render_template("surfaces/found_context.html", view=view, text=text, items=found)


def view_asked(slug: str) -> tuple[View, str]:
    """The view in the address, and in one sentence what could not be shown as asked."""
    draft = context.draft()
    surface = surface_of(draft, slug)
    zone = context.zone()
    try:
        view = read_view(surface, request.args, zone, draft.live.surface(slug))
        view.moment(context.now())
    except Invalid as problem:
        return safe_view(surface, request.args, zone), str(problem)
    return view, ""


def values(scene: Scene) -> dict[str, object]:
    """What every template of the page is given."""
    return {
        "scene": scene,
        "view": scene.view,
        "surface": scene.surface,
        "audiences": audiences(scene.surface, scene.view, scene.side.look.market),
        "samples": grouped(sample_shoppers(context.shop(), context.state())),
        "zones": known_zones(),
        "reasons": standing_reasons(),
        "here": url_for("surfaces.show", slug=scene.surface.slug, **scene.view.arguments()),
    }
