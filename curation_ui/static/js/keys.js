// Keys that hold on every page. A page adds its own with `onKey`.
import { undoLast } from "./toasts.js";

const keys = new Map();

// A capital letter after ⇧, as in "⇧p", means the key with Shift. `act` gets the event and returns false when the key was not for it.
export function onKey(key, act) {
  keys.set(key, [...(keys.get(key) || []), act]);
}

export function typing(target) {
  return target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") || Boolean(target.closest?.("dialog[open]"));
}

export function installKeys() {
  onKey("/", () => document.getElementById("find")?.focus());
  onKey("?", () => document.getElementById("keys")?.showModal());
  onKey("u", () => undoLast());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const shifted = event.shiftKey && keys.get(`⇧${key}`);
    for (const act of [...(shifted || keys.get(key) || [])].reverse()) {
      if (act(event) !== false) { event.preventDefault(); return; }
    }
  });
}
