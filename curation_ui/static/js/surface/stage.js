// Finding one's way in the stage: the part of the page that every change draws anew.

export const stage = () => document.getElementById("stage");

export const cells = (grid) => [...grid.querySelectorAll(":scope > .cell")];

export const cellOf = (element) => element?.closest?.(".cell") ?? null;

// The tile that a key acts on: the focused one, else the one last focused, else the first.
export function currentCell() {
  const root = stage();
  if (!root) return null;
  return (
    cellOf(document.activeElement) ??
    root.querySelector(".cell[data-chosen]") ??
    root.querySelector('.cell .tile-main[tabindex="0"]')?.closest(".cell") ??
    root.querySelector(".cell")
  );
}

export const mayEdit = () => stage()?.dataset.editable === "yes";

// Sends what a gesture means through one of the stage's own forms, so that token and address are the page's.
export function send(formId, values) {
  const form = document.getElementById(formId);
  if (!form) return;
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value ?? "";
  }
  form.requestSubmit();
}
