// The choosers for shopper, moment and context: open one at a time, closed by Escape or a click elsewhere.

export function connectLens() {
  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-chooses]");
    if (asked) return toggleChooser(document.getElementById(asked.dataset.chooses));
    return closeOthers(event.target.closest("details.chooser"));
  });
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.chooser[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

// Opens a chooser, or closes it when it is open. The focus moves at once, so that fast typing lands in its field.
export function toggleChooser(chooser) {
  chooser.open = !chooser.open;
  if (chooser.open) enter(chooser);
}

function onToggle(event) {
  if (event.target.matches?.("details.chooser") && event.target.open) enter(event.target);
}

function enter(chooser) {
  closeOthers(chooser);
  const field = chooser.querySelector("input:not([type=hidden]), select");
  if (!chooser.contains(document.activeElement) || document.activeElement.matches("summary")) field?.focus();
}

function closeOthers(keep) {
  for (const chooser of document.querySelectorAll("details.chooser[open]")) if (chooser !== keep) chooser.open = false;
}
