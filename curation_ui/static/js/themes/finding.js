// Searching the catalog as one types. What is typed and what Enter adds never run ahead of each other: all waits in one line.
import { post } from "./asking.js";

const PAUSE_MS = 120;

export function installFinding(form, { add, exclude }) {
  const field = document.getElementById("theme-find");
  const found = document.getElementById("theme-found");
  const narrowing = [...form.querySelectorAll("[data-narrows]")];
  let line = Promise.resolve();
  let shown = "";
  let pause = 0;

  const next = (act) => { line = line.then(act, act); return line; };
  const asked = () => {
    const fields = { q: field.value.trim() };
    for (const each of narrowing) if (each.type === "checkbox" ? each.checked : each.value.trim()) fields[each.name] = each.value;
    return fields;
  };
  const key = (fields) => JSON.stringify(fields);

  async function look(fields = asked()) {
    const made = await post(form, form.dataset.find, fields, ["picks", "excluded"]);
    if (!made) return;
    found.replaceChildren(made);
    shown = key(fields);
  }
  const again = () => next(() => (found.children.length ? look() : null));

  function mark(code) {
    const row = [...found.children].find((each) => each.dataset.found === code);
    if (!row) return;
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = form.dataset.in;
    row.querySelector(".pick-actions").replaceChildren(badge);
  }

  async function take(code, act) {
    await act(code);
    mark(code);
    if (document.getElementById("find-like").checked) await look();
  }

  // What was asked when Enter was pressed, though by now the next text may stand in the field.
  async function takeFirst(fields) {
    if (shown !== key(fields)) await look(fields);
    const button = found.querySelector("[data-add]");
    if (button) await take(button.dataset.add, add);
  }

  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => next(() => (shown === key(asked()) ? null : look())), PAUSE_MS);
  });
  for (const each of narrowing) each.addEventListener("change", () => next(() => look()));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(pause);
      const fields = asked();
      next(() => takeFirst(fields));
      // The next text goes over this one; Enter again takes the next that was found.
      field.select();
    } else if (event.key === "ArrowDown") {
      const first = found.querySelector("button");
      if (first) { event.preventDefault(); first.focus(); }
    } else if (event.key === "Escape") {
      field.value = "";
      found.replaceChildren();
      shown = "";
    }
  });
  for (const each of narrowing) each.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); next(() => look()); } });
  found.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...found.querySelectorAll("button[data-add]")];
    const at = all.indexOf(event.target.closest("li").querySelector("[data-add]")) + step;
    if (at < 0) field.focus(); else all[at]?.focus();
  });
  found.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const row = button.closest("li");
    const code = button.dataset.add || button.dataset.exclude;
    next(() => take(code, button.dataset.add ? add : exclude)).then(() => {
      if (document.activeElement === document.body) (row.nextElementSibling?.querySelector("button") || field).focus();
    });
  });
  return { again, settled: () => line };
}
