// The list of themes and the form of a new one: N begins one, and a copied list of codes finds its field.
import { onKey } from "./keys.js";

const begin = document.querySelector("[data-key=n]");
if (begin) onKey("n", () => begin.click());

const list = document.querySelector("[data-list]");
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") || "";
  if (!list || event.target === list || !text.trim().includes("\n")) return;
  event.preventDefault();
  list.value = [list.value.trim(), text.trim()].filter(Boolean).join("\n");
  list.dispatchEvent(new Event("input", { bubbles: true }));
});
