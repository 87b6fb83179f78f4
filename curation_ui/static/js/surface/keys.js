// One key an action; each is shown on its control.
import { openFor } from "./dialogs.js";
import { currentCell, mayEdit, stage, typing } from "./stage.js";

const ON_TILE = { p: "pin", v: "veto", t: "theme", b: "boost", x: "takedown" };
const ON_PAGE = { l: "show-live", d: "show-draft", f: "show-difference", r: "rules-switch" };
const CHOOSERS = { s: "who", m: "when", c: "beside" };

export function connectKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
    if (act(event.key.toLowerCase())) event.preventDefault();
  });
}

function act(key) {
  if (!stage()) return false;
  if (ON_TILE[key] && mayEdit()) {
    openFor(ON_TILE[key], currentCell());
    return true;
  }
  if (ON_PAGE[key]) return press(document.getElementById(ON_PAGE[key]));
  if (CHOOSERS[key]) return press(document.querySelector(`#${CHOOSERS[key]} > summary`), true);
  if (key === "u") return press(document.getElementById("undo-button"));
  if (key === "a") return focus(document.getElementById("find-item"));
  return false;
}

function press(control) {
  control?.click();
  return Boolean(control);
}

function focus(field) {
  field?.focus();
  return Boolean(field);
}
