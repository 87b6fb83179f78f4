// Short messages at the foot of the page, with Undo where there is something to undo.
const SHOWN_MS = 8000;
const place = () => document.getElementById("toasts");

function fade(element) {
  const close = () => element.remove();
  let timer = setTimeout(close, SHOWN_MS);
  const hold = () => clearTimeout(timer);
  const release = () => { clearTimeout(timer); timer = setTimeout(close, SHOWN_MS); };
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, release);
}

function button(words, className, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

export function toast({ text, tone = "good", undo = null }) {
  const element = document.createElement("div");
  element.className = `toast ${tone}`;
  element.dataset.toast = "";
  const words = document.createElement("span");
  words.textContent = text;
  element.append(words);
  if (undo) {
    const act = button(document.body.dataset.undo, "", () => { if (typeof undo === "function") undo(); else takeBack(undo); element.remove(); });
    act.dataset.undo = typeof undo === "string" ? undo : "";
    element.append(act);
  }
  const close = button("×", "close", () => element.remove());
  close.setAttribute("aria-label", document.body.dataset.close);
  element.append(close);
  place().replaceChildren(element);
  fade(element);
}

export function takeBack(address) {
  return htmx.ajax("POST", address, { target: "body", swap: "none" });
}

// The newest message's Undo, for the key U.
export function undoLast() {
  const last = place().querySelector("[data-undo]");
  if (last) last.click();
  return Boolean(last);
}

export function showFlashed() {
  for (const element of place().querySelectorAll("[data-toast]")) {
    element.querySelector("[data-close-toast]")?.addEventListener("click", () => element.remove());
    fade(element);
  }
}
