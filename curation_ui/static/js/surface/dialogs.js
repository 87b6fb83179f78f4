// The small dialogs of the grid: pin, veto, theme, boost, take down. They open beside the tile they speak of.
import { cellOf, mayEdit } from "./stage.js";

const REASON = "desk.last-reason";
const GAP = 8;

export function connectDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) return open(opener.dataset.opens, subjectOf(opener), opener);
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.matches?.("dialog[open]")) event.target.close();
    return undefined;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  });
  document.addEventListener("htmx:beforeSwap", showConflicts);
  document.addEventListener("htmx:responseError", sayWhatIsWrong);
  document.addEventListener("submit", rememberReason, true);
}

// Opens the dialog called `name` for the item of `cell`.
export function openFor(name, cell) {
  if (!cell || !mayEdit()) return;
  open(name, subjectOf(cell), cell);
}

function subjectOf(element) {
  const from = element.closest("[data-item]");
  return from ? { ...from.dataset } : {};
}

function open(name, subject, anchor) {
  const dialog = document.getElementById(`${name}-dialog`);
  if (!dialog) return;
  fill(dialog, subject);
  const back = document.activeElement;
  dialog.showModal();
  beside(dialog, cellOf(anchor) ?? anchor);
  const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector("input:not([type=hidden]), select, textarea, button");
  first?.focus();
  first?.select?.();
  dialog.addEventListener("close", () => back?.isConnected && back.focus({ preventScroll: true }), { once: true });
}

function fill(dialog, subject) {
  for (const place of dialog.querySelectorAll("[data-says]")) place.textContent = subject[place.dataset.says] ?? "";
  for (const field of dialog.querySelectorAll("[data-takes]")) field.value = subject[field.dataset.takes] ?? field.defaultValue;
  for (const error of dialog.querySelectorAll("[data-error]")) error.textContent = "";
  const reason = dialog.querySelector('[name="reason"]');
  if (reason) reason.value = localStorage.getItem(REASON) ?? "";
}

// A dialog stands under its tile where there is room, else above it; on a small screen style sheets put it at the foot.
function beside(dialog, anchor) {
  dialog.style.left = dialog.style.top = "";
  if (window.innerWidth < 700 || !anchor) return;
  const tile = anchor.getBoundingClientRect();
  const own = dialog.getBoundingClientRect();
  const below = tile.top + Math.min(tile.height, 130) + GAP;
  const top = below + own.height < window.innerHeight ? below : Math.max(GAP, window.innerHeight - own.height - GAP);
  dialog.style.top = `${Math.max(GAP, top)}px`;
  dialog.style.left = `${Math.max(GAP, Math.min(tile.left, window.innerWidth - own.width - GAP))}px`;
}

// 409 carries a page part that shows both versions; the server names the place for it.
function showConflicts(event) {
  if (event.detail.xhr.status === 409 && event.detail.xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
}

function sayWhatIsWrong(event) {
  const form = event.detail.elt.closest?.("form");
  const place = form?.querySelector("[data-error]");
  if (place) place.textContent = event.detail.xhr.responseText;
}

function rememberReason(event) {
  const reason = event.target.querySelector?.('dialog [name="reason"], [name="reason"]');
  if (reason?.value && event.target.closest("dialog")) localStorage.setItem(REASON, reason.value);
}
