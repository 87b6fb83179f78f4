// Asking the desk for parts of the workbench, and putting words together.
import { toast } from "../toasts.js";

// The answer to a form with `fields` and what the theme has in `lists`, as a fragment; null when it could not be had.
export async function post(form, address, fields, lists) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const kind of lists) for (const field of document.querySelectorAll(`#${kind} input`)) body.append(kind, field.value);
  const token = document.querySelector('meta[name="csrf-token"]').content;
  let answer = null;
  try {
    answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
  } catch {
    toast({ text: document.body.dataset.offline, tone: "bad" });
    return null;
  }
  if (!answer.ok) {
    const told = JSON.parse(answer.headers.get("HX-Trigger") || "{}").toast;
    toast(told || { text: answer.statusText || String(answer.status), tone: "bad" });
    return null;
  }
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

// “… is now number #” with a title for … and a number for #.
export const fill = (words, title, number = "") => words.replace("#", number).replace("…", () => title);
