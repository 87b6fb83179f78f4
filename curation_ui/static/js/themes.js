// The workbench of a theme: adding, ordering and removing members. The form is what is saved; this arranges its fields.
import { onKey, typing } from "./keys.js";
import { fill, post } from "./themes/asking.js";
import { focusEntry, installEntryKeys } from "./themes/entries.js";
import { history } from "./themes/history.js";
import { installFinding } from "./themes/finding.js";
import { toast } from "./toasts.js";

const form = document.querySelector("[data-theme-form]");
const state = form.querySelector("[data-save-state]");
const list = (kind) => document.getElementById(kind);
const title = (entry) => entry.querySelector(".title").textContent;
const say = (words) => { form.querySelector("[data-said]").textContent = words; };
const steps = history([list("picks"), list("excluded")], () => { changed(); say(form.dataset.back); finding.again(); });

function changed() {
  form.querySelector("[data-pick-count]").textContent = list("picks").children.length;
  form.querySelector("[data-no-picks]").hidden = list("picks").children.length > 0;
  form.querySelector("[data-no-excluded]").hidden = list("excluded").children.length > 0;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

// One thing done to the lists, whatever it was, is one step back.
function step(words, act, { told = true } = {}) {
  steps.remember();
  act();
  changed();
  say(words);
  if (told) toast({ text: words, undo: steps.back });
}

// Codes into a list: what is known is added at once, what is not is named. Gives how many were added.
async function add(kind, text) {
  const made = await post(form, form.dataset.entries, { codes: text, kind }, [kind]);
  if (!made) return 0;
  const report = made.querySelector("[data-report]");
  const entries = [...made.querySelectorAll("[data-pick]")];
  const reports = form.querySelector("[data-reports]");
  reports.replaceChildren();
  if (report.childNodes.length) reports.append(note(report));
  if (entries.length) step(report.dataset.words, () => list(kind).append(...entries));
  else toast({ text: report.dataset.words, tone: "info" });
  return entries.length;
}

function note(report) {
  const made = document.createElement("div");
  made.className = "note warn";
  made.setAttribute("role", "alert");
  made.append(...report.childNodes);
  return made;
}

function move(entry, to) {
  const all = [...entry.parentElement.children];
  const at = Math.max(0, Math.min(all.length - 1, to));
  if (at === all.indexOf(entry)) return;
  const focus = document.activeElement;
  const words = fill(form.dataset.moved, title(entry), at + 1);
  step(words, () => { if (at < all.indexOf(entry)) all[at].before(entry); else all[at].after(entry); }, { told: false });
  focus.focus();
  entry.scrollIntoView({ block: "nearest" });
}

function remove(entry) {
  const next = entry.nextElementSibling || entry.previousElementSibling;
  step(fill(form.dataset.removed, title(entry)), () => entry.remove());
  if (next) focusEntry(next); else document.getElementById("theme-find").focus();
}

const finding = installFinding(form, { add: (code) => add("picks", code), exclude: (code) => add("excluded", code) });
installEntryKeys(list("picks"), { move, remove });
installEntryKeys(list("excluded"), { move: () => {}, remove });

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const entry = button?.closest("[data-pick]");
  if (!button) return;
  if (button.dataset.move) move(entry, [...entry.parentElement.children].indexOf(entry) + (button.dataset.move === "up" ? -1 : 1));
  else if (button.hasAttribute("data-remove")) remove(entry);
  else if (button.hasAttribute("data-drop-report")) button.parentElement.remove();
});

// A copied list lands among the hand-picks, wherever one is; a single word goes where it is pasted.
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain").trim() || "";
  const listed = /[\n\t;]/.test(text);
  const elsewhere = typing(event.target) && event.target.id !== "theme-find" && event.target.tagName === "TEXTAREA";
  if (!text || form.querySelector("fieldset").disabled || elsewhere || !(listed || !typing(event.target))) return;
  event.preventDefault();
  add("picks", text).then(finding.again);
});

onKey("a", () => document.getElementById("theme-find").focus());
onKey("u", () => steps.any() && steps.back());
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.key.toLowerCase() === "s") { event.preventDefault(); finding.settled().then(() => form.querySelector("[data-save]")?.click()); }
  if (event.key.toLowerCase() === "z" && !typing(event.target) && steps.any()) { event.preventDefault(); steps.back(); }
});

// A field that is not part of the theme is no reason to ask before leaving.
const apart = (target) => target.id === "theme-find" || target.hasAttribute?.("data-narrows") || target.hasAttribute?.("data-apart");
form.addEventListener("input", (event) => {
  if (apart(event.target)) event.stopPropagation();
  else if (state) state.textContent = document.body.dataset.unsaved;
  if (!apart(event.target) || event.target.hasAttribute("data-apart")) preview();
});

let waiting = 0;
function preview() {
  clearTimeout(waiting);
  waiting = setTimeout(() => htmx.trigger(document.body, "preview"), 250);
}

if (form.hasAttribute("data-unsaved")) form.dispatchEvent(new Event("input", { bubbles: true }));
for (const shut of document.querySelectorAll("[data-shuts]")) shut.addEventListener("click", () => shut.closest("dialog").close());
for (const closing of document.querySelectorAll("form[data-closes]")) {
  closing.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) { closing.closest("dialog").close(); closing.reset(); } });
}
function dragging() {
  if (!globalThis.Sortable || form.querySelector("fieldset").disabled) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  Sortable.create(list("picks"), { handle: ".grip", animation: calm ? 0 : 150, onStart: steps.remember, onEnd: changed });
}
if (document.readyState === "complete") dragging(); else addEventListener("load", dragging);
