// One key an action; each is shown on its control and in the list of keys.
import { onKey } from "../keys.js";
import { openFor } from "./dialogs.js";
import { toggleChooser } from "./lens.js";
import { currentCell, mayEdit } from "./stage.js";

const ON_TILE = { p: "pin", v: "veto", t: "theme", b: "boost", x: "takedown" };
const ON_PAGE = { l: "show-live", d: "show-draft", f: "show-difference", r: "rules-switch", g: "place-theme", w: "show-whole", n: "add-row" };
const CHOOSERS = { s: "who", m: "when", c: "beside" };

export function connectKeys() {
  for (const [key, name] of Object.entries(ON_TILE)) onKey(key, () => mayEdit() && openFor(name, currentCell(), { quick: true }));
  for (const [key, id] of Object.entries(ON_PAGE)) onKey(key, () => press(document.getElementById(id)));
  for (const [key, id] of Object.entries(CHOOSERS)) onKey(key, () => choose(document.getElementById(id)));
  onKey("e", () => press(currentCell()?.closest(".strip-row")?.querySelector("[data-keep^=strip-]")));
  onKey("⇧p", () => press(document.getElementById("publish-link")));
  onKey("a", () => focus(document.getElementById("find-item")));
  // The last message's Undo is asked first; without one, the last change of one's own in the draft is taken back.
  onKey("u", () => (document.querySelector("#toasts [data-undo]") ? false : press(document.getElementById("undo-button"))));
  document.querySelector("#keys .keys")?.append(document.getElementById("page-keys").content.cloneNode(true));
}

function press(control) {
  control?.click();
  return Boolean(control);
}

function choose(chooser) {
  if (chooser) toggleChooser(chooser);
  return Boolean(chooser);
}

function focus(field) {
  field?.focus();
  return Boolean(field);
}
