// Copies what a field holds: <button data-copy="the field's id" data-copied="…" data-selected="…">.
import { toast } from "./toasts.js";

async function copied(field) {
  field.select();
  // Browsers keep the clipboard from pages that come without HTTPS; there the older way still works.
  if (!navigator.clipboard) return document.execCommand("copy");
  return navigator.clipboard.writeText(field.value).then(() => true, () => document.execCommand("copy"));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = await copied(document.getElementById(button.dataset.copy));
  toast({ text: done ? button.dataset.copied : button.dataset.selected, tone: done ? "good" : "info" });
});
