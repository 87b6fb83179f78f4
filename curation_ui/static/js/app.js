// What every page of the desk does in the browser. Everything here improves a page that works without it,
// but for the parts that say so.
import { toast, showFlashed } from "./toasts.js";
import { installKeys } from "./keys.js";
import { installFind } from "./find.js";

const root = document.documentElement;
root.classList.add("scripted");

const unsaved = new Set();
const YEAR = 31536000;
const token = () => document.querySelector('meta[name="csrf-token"]').content;
const keep = (name, value) => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? YEAR : 0}; SameSite=Lax${secure}`;
};

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
});

// An answer that could not be used never replaces what is on the page: nothing typed is lost.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Trigger")) return;
  toast({ text: event.detail.xhr.statusText || String(event.detail.xhr.status), tone: "bad" });
});
document.addEventListener("htmx:sendError", () => {
  toast({ text: document.body.dataset.offline, tone: "bad" });
});
document.addEventListener("toast", (event) => toast(event.detail));

// A part that was swapped keeps the focus where it was, found again by its id.
let focused = null;
document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement?.id || null; });
document.addEventListener("htmx:afterSettle", () => {
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  focused = null;
});

// After a change, a page whose parts do not fetch themselves again is fetched as a whole.
// Unsaved work is never fetched away.
document.addEventListener("draft-changed", () => {
  if ([...unsaved].some((form) => form.isConnected)) return;
  const main = document.getElementById("main");
  if (main.querySelector("[data-refreshes]") || main.hasAttribute("data-refreshes")) return;
  const active = document.activeElement?.id;
  htmx.ajax("GET", location.pathname + location.search, { target: "#main", select: "#main", swap: "outerHTML show:none" })
    .then(() => active && document.getElementById(active)?.focus({ preventScroll: true }));
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-appearance]");
  if (form) {
    const chosen = event.target.value;
    keep("appearance", chosen);
    if (chosen) root.dataset.theme = chosen; else delete root.dataset.theme;
  }
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const menu = event.target.closest("[data-menu]");
  if (menu) {
    const open = document.getElementById(menu.getAttribute("aria-controls")).classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
  }
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  if (event.target.matches("dialog[open]")) event.target.close();
  const shown = event.target.closest("[data-show]");
  if (shown) {
    const part = document.getElementById(shown.dataset.show);
    part.hidden = !part.hidden;
    shown.setAttribute("aria-expanded", String(!part.hidden));
    if (!part.hidden) part.querySelector("input, select, textarea, button, a")?.focus();
  }
});

// A photograph that cannot be had leaves the drawn tile behind it to be seen. Errors do not bubble, so they are caught.
document.addEventListener("error", (event) => {
  if (event.target.classList?.contains("tile-photo")) event.target.classList.add("broken");
}, true);

// Leaving with unsaved work is asked about, the one thing that cannot be undone.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-keeps]");
  if (form) unsaved.add(form);
});
document.addEventListener("submit", (event) => unsaved.delete(event.target));
document.addEventListener("desk:saved", () => unsaved.clear());
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
});

showFlashed();
installKeys();
installFind();
