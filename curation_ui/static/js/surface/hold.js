// While the stage fetches itself anew, keys wait: pressed at once they would fall on tiles that are about to go.
import { typing } from "../keys.js";
import { stage } from "./stage.js";

const LONGEST_MS = 10000;
let waiting = null;
let timer = 0;

export function connectHold() {
  document.addEventListener("draft-changed", begin);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "stage") release(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt?.id === "stage" && !event.detail.successful) release();
  });
  document.addEventListener("keydown", hold, true);
}

function begin() {
  if (!stage()) return;
  waiting ??= [];
  clearTimeout(timer);
  timer = setTimeout(release, LONGEST_MS);
}

function hold(event) {
  if (!waiting || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "Shift" || event.key === "Tab") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.push({ key: event.key, code: event.code, shiftKey: event.shiftKey });
}

function release() {
  const keys = waiting ?? [];
  waiting = null;
  clearTimeout(timer);
  keys.forEach(press);
}

// What a browser does by itself with a key, it does for real ones only: typing, sending, following a link.
function press(key) {
  const target = document.activeElement ?? document.body;
  const unclaimed = target.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
  if (!unclaimed) return;
  if (key.key === "Enter") send(target);
  else if (key.key.length === 1 && typing(target)) document.execCommand("insertText", false, key.key);
}

function send(target) {
  if (typing(target) && target.form) target.form.requestSubmit();
  else target.click?.();
}
