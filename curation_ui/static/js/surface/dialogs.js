// The small dialogs of the grid: pin, veto, theme, boost, take down. They open beside the tile they speak of.
import { cellOf, mayEdit } from "./stage.js";

const REASON = "desk.last-reason";
const GAP = 8;

export function connectDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) return open(opener.dataset.opens, subjectOf(opener), opener);
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    return undefined;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  });
  document.addEventListener("toast", sayWhatIsWrong);
  document.addEventListener("draft-changed", () => document.querySelector("#editor[open]")?.close());
  document.addEventListener("submit", rememberReason, true);
}

// Opens the dialog called `name` for the item of `cell`.
export function openFor(name, cell) {
  return Boolean(cell) && mayEdit() && open(name, subjectOf(cell), cell);
}

function subjectOf(element) {
  const from = element.closest("[data-item]");
  return from ? { ...from.dataset } : {};
}

function open(name, subject, anchor) {
  const dialog = unfold(name);
  if (!dialog) return false;
  fill(dialog, subject);
  const back = document.activeElement;
  dialog.showModal();
  beside(dialog, cellOf(anchor) ?? anchor);
  const first = dialog.querySelector("[data-first]") ?? dialog.querySelector("input:not([type=hidden]), select, textarea, button");
  first?.focus();
  first?.select?.();
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (back?.isConnected) back.focus({ preventScroll: true });
  }, { once: true });
  return true;
}

// Dialogs lie folded in templates; the one that is open is the only one on the page.
function unfold(name) {
  const folded = document.getElementById(`${name}-template`);
  if (!folded) return null;
  const dialog = folded.content.firstElementChild.cloneNode(true);
  folded.after(dialog);
  window.htmx.process(dialog);
  return dialog;
}

function fill(dialog, subject) {
  for (const place of dialog.querySelectorAll("[data-says]")) place.textContent = subject[place.dataset.says] ?? "";
  for (const field of dialog.querySelectorAll("[data-takes]")) field.value = subject[field.dataset.takes] ?? field.defaultValue;
  for (const error of dialog.querySelectorAll("[data-error]")) error.textContent = "";
  offerAsPinned(dialog, subject);
  const reason = dialog.querySelector('[name="reason"]');
  if (reason) reason.value = localStorage.getItem(REASON) ?? "";
}

// A tile that is pinned already may keep its pin's scope; any other is pinned for the first audience offered.
function offerAsPinned(dialog, subject) {
  const option = dialog.querySelector("[data-as-pinned]");
  if (!option) return;
  option.hidden = option.disabled = subject.pinned !== "yes";
  option.parentElement.selectedIndex = option.disabled ? 1 : 0;
}

// A dialog stands under its tile where there is room, else above it; on a small screen style sheets put it at the foot.
function beside(dialog, anchor) {
  if (window.innerWidth < 700 || !anchor) return;
  const tile = anchor.getBoundingClientRect();
  const own = dialog.getBoundingClientRect();
  const below = tile.top + Math.min(tile.height, 130) + GAP;
  const top = below + own.height < window.innerHeight ? below : Math.max(GAP, window.innerHeight - own.height - GAP);
  dialog.style.top = `${Math.max(GAP, top)}px`;
  dialog.style.left = `${Math.max(GAP, Math.min(tile.left, window.innerWidth - own.width - GAP))}px`;
}

// A toast stands behind an open dialog, so its bad news is said in the dialog too.
function sayWhatIsWrong(event) {
  const place = document.querySelector("dialog[open] [data-error]");
  if (place && event.detail.tone === "bad") place.textContent = event.detail.text;
}

function rememberReason(event) {
  const reason = event.target.querySelector?.('dialog [name="reason"], [name="reason"]');
  if (reason?.value && event.target.closest("dialog")) localStorage.setItem(REASON, reason.value);
}
