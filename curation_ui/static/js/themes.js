// The workbench of a theme: adding, ordering and removing members. The form is what is saved; this arranges its fields.
const form = document.querySelector("[data-theme-form]");
const list = (kind) => document.getElementById(kind);
const said = form.querySelector("[data-said]");
const state = form.querySelector("[data-save-state]");

const title = (entry) => entry.querySelector(".title").textContent;
const codes = (kind) => [...list(kind).querySelectorAll("input")].map((field) => field.value);

function changed() {
  form.querySelector("[data-pick-count]").textContent = list("picks").children.length;
  form.querySelector("[data-no-picks]").hidden = list("picks").children.length > 0;
  form.querySelector("[data-no-excluded]").hidden = list("excluded").children.length > 0;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

async function add(kind, text) {
  const body = new FormData();
  body.append("codes", text);
  body.append("kind", kind);
  for (const code of codes(kind)) body.append(kind, code);
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const answer = await fetch(form.dataset.entries, { method: "POST", body, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
  if (!answer.ok) { document.dispatchEvent(new CustomEvent("toast", { detail: { text: answer.statusText, tone: "bad" } })); return; }
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  for (const report of list(kind).parentElement.querySelectorAll("[data-report]")) report.remove();
  const report = made.content.querySelector("[data-report]");
  const entries = [...made.content.querySelectorAll("[data-pick]")];
  list(kind).append(...entries);
  if (report) {
    const note = document.createElement("div");
    note.className = report.className;
    note.dataset.report = "";
    note.setAttribute("role", "alert");
    note.append(...report.childNodes);
    list(kind).before(note);
  }
  if (entries.length) { said.textContent = entries.map(title).join(", "); changed(); }
}

function move(entry, step) {
  const other = step < 0 ? entry.previousElementSibling : entry.nextElementSibling;
  if (!other) return;
  const focus = document.activeElement;
  if (step < 0) other.before(entry); else other.after(entry);
  focus.focus();
  entry.scrollIntoView({ block: "nearest" });
  said.textContent = `${title(entry)}: ${[...entry.parentElement.children].indexOf(entry) + 1}`;
  changed();
}

function remove(entry) {
  const next = entry.nextElementSibling || entry.previousElementSibling;
  entry.remove();
  (next?.querySelector("[data-remove]") || document.getElementById("theme-find")).focus();
  changed();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const entry = button.closest("[data-pick]");
  if (button.dataset.move) move(entry, button.dataset.move === "up" ? -1 : 1);
  else if (button.hasAttribute("data-remove")) remove(entry);
  else if (button.dataset.add) add("picks", button.dataset.add);
  else if (button.dataset.exclude) add("excluded", button.dataset.exclude);
  else if (button.hasAttribute("data-drop-report")) button.closest("[data-report]").remove();
  else if (button.hasAttribute("data-paste")) {
    const area = document.getElementById("paste");
    add("picks", area.value).then(() => { area.value = ""; });
  }
});

form.addEventListener("keydown", (event) => {
  const entry = event.target.closest("#picks [data-pick]");
  if (entry && event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    move(entry, event.key === "ArrowUp" ? -1 : 1);
  }
  if (event.target.id === "theme-find" && event.key === "Enter") {
    event.preventDefault();
    document.querySelector("#theme-found [data-add]")?.click();
  }
});

// A field that is not part of the theme is no reason to ask before leaving.
const apart = (target) => ["theme-find", "paste", "preview_user", "preview_market"].includes(target.id);
form.addEventListener("input", (event) => {
  if (apart(event.target)) event.stopPropagation();
  else if (state) state.textContent = document.body.dataset.unsaved;
  if (event.target.id !== "theme-find" && event.target.id !== "paste") preview();
});

let waiting = 0;
function preview() {
  clearTimeout(waiting);
  waiting = setTimeout(() => htmx.trigger(document.body, "preview"), 250);
}

if (form.hasAttribute("data-unsaved")) form.dispatchEvent(new Event("input", { bubbles: true }));
addEventListener("load", () => {
  if (!globalThis.Sortable || form.querySelector("fieldset").disabled) return;
  Sortable.create(list("picks"), { handle: ".grip", animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150, onEnd: changed });
});
