// What the search for items found: arrows walk through it, Enter in the field takes the first.
import { openFor } from "./dialogs.js";

const buttons = () => [...document.querySelectorAll("#found [data-opens]")];

export function connectFound() {
  document.addEventListener("keydown", (event) => {
    const field = document.getElementById("find-item");
    if (!event.target.closest?.(".add")) return;
    if (event.key === "Enter" && event.target === field) take(event);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event, field);
    if (event.key === "Escape" && field) leave(field);
  });
}

function take(event) {
  event.preventDefault();
  const [first] = buttons();
  if (first) openFor("pin", first.closest("[data-item]"), { quick: true });
}

function walk(event, field) {
  const all = [field, ...buttons()];
  const next = all[all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function leave(field) {
  field.value = "";
  document.getElementById("found").replaceChildren();
  document.querySelector('.cell .tile-main[tabindex="0"]')?.focus();
}
