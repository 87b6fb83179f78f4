// The choosers for shopper, moment and context: open one at a time, closed by Escape or a click elsewhere.

export function connectLens() {
  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("click", (event) => closeOthers(event.target.closest("details.chooser")));
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.chooser[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

function onToggle(event) {
  if (!event.target.matches?.("details.chooser") || !event.target.open) return;
  closeOthers(event.target);
  event.target.querySelector("input:not([type=hidden]), select")?.focus();
}

function closeOthers(keep) {
  for (const chooser of document.querySelectorAll("details.chooser[open]")) if (chooser !== keep) chooser.open = false;
}
