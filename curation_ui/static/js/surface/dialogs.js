// The small dialogs of the grid: pin, veto, theme, boost, take down. They open beside the tile they speak of.
import { connectQuick } from "./quick.js";
import { cellOf, currentCell, mayEdit } from "./stage.js";

const REASON = "desk.last-reason";
const GAP = 8;
const FIELD = "input:not([type=hidden]), select, textarea";

export function connectDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) return opened(event, opener);
    const picker = event.target.closest("[data-picks]");
    if (picker) return pick(picker);
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    return undefined;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog");
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.querySelector(FIELD)?.focus();
  });
  document.addEventListener("toast", sayWhatIsWrong);
  // What was asked is done: the dialog goes at once, so that the next key finds the tile.
  document.addEventListener("draft-changed", () => document.querySelector("#editor[open], .small-dialog[open]")?.close());
  document.addEventListener("keydown", sendByEnter);
  document.addEventListener("submit", rememberReason, true);
}

// Opens the dialog called `name` for the item of `cell`; `quick` lets what is typed in it act without Enter.
export function openFor(name, cell, { quick = false } = {}) {
  return Boolean(cell) && mayEdit() && open(name, subjectOf(cell), cell, quick);
}

// A link that opens a dialog leads to the whole page where it is asked for in another tab.
function opened(event, opener) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (open(opener.dataset.opens, subjectOf(opener), opener)) event.preventDefault();
}

// Enter takes what a dialog's first choice shows, as it does in a field; a browser leaves that out for lists.
function sendByEnter(event) {
  if (event.key !== "Enter" || !event.target.matches?.("dialog select[data-first]")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

function subjectOf(element) {
  const from = element.closest("[data-item]");
  if (!from) return {};
  // What is not on the grid goes where the editor is: the slot and row of the tile last looked at.
  const place = from.hasAttribute("data-found-item") ? currentCell()?.dataset : undefined;
  return { ...from.dataset, ...(place && { slot: place.slot, row: place.row }) };
}

// Chooses which changes to publish: all, one's own, or those that show on this surface.
function pick({ form, dataset }) {
  const boxes = [...form.querySelectorAll("[data-is]:enabled")];
  for (const box of boxes) box.checked = box.dataset.is.split(" ").includes(dataset.picks);
  boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
}

function open(name, subject, anchor, quick = false) {
  const dialog = unfold(name);
  if (!dialog) return false;
  fill(dialog, subject);
  connectQuick(dialog, { quick, slots: slotsOf(subject) });
  const back = document.activeElement;
  dialog.showModal();
  beside(dialog, cellOf(anchor) ?? anchor);
  const first = dialog.querySelector("[data-first]") ?? dialog.querySelector(`${FIELD}, button`);
  first?.focus();
  first?.select?.();
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (back?.isConnected) back.focus({ preventScroll: true });
  }, { once: true });
  return true;
}

// Dialogs lie folded in templates; the one that is open is the only one on the page. It stands outside the stage:
// one that was opened just before the stage was drawn anew must not go with the old one.
function unfold(name) {
  const folded = document.getElementById(`${name}-template`);
  if (!folded) return null;
  const dialog = folded.content.firstElementChild.cloneNode(true);
  document.body.append(dialog);
  window.htmx.process(dialog);
  return dialog;
}

function fill(dialog, subject) {
  for (const place of dialog.querySelectorAll("[data-says]")) place.textContent = subject[place.dataset.says] ?? "";
  for (const field of dialog.querySelectorAll("[data-takes]")) take(field, subject[field.dataset.takes]);
  for (const error of dialog.querySelectorAll("[data-error]")) error.textContent = "";
  offerAsPinned(dialog, subject);
  const reason = dialog.querySelector('[name="reason"]');
  if (reason) reason.value = localStorage.getItem(REASON) ?? "";
}

// How many slots stand in the row that the subject is of.
function slotsOf(subject) {
  const grid = document.querySelector(`[data-grid][data-row="${CSS.escape(subject.row ?? "")}"]`);
  return grid?.querySelectorAll(":scope > .cell").length ?? 0;
}

function take(field, value) {
  if (value) field.value = value;
  else if (field.matches("input")) field.value = field.defaultValue;
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
