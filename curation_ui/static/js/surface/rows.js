// The rows of the page: dragged, or moved with Alt and an arrow; a form field that only one kind of row needs.

export function connectRows() {
  connect();
  document.addEventListener("htmx:afterSettle", connect);
  document.addEventListener("keydown", onMove);
  document.addEventListener("change", (event) => event.target.matches("[data-row-kind]") && showForKind(event.target));
  document.addEventListener("htmx:afterSwap", (event) => {
    const kind = event.target.querySelector?.("[data-row-kind]");
    if (kind) showForKind(kind);
  });
}

function connect() {
  const list = document.querySelector("[data-rows]");
  if (!list || !list.querySelector(".grip") || !window.Sortable || window.Sortable.get(list)) return;
  window.Sortable.create(list, {
    handle: ".grip",
    animation: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160,
    ghostClass: "ghost",
    onEnd: ({ oldIndex, newIndex }) => oldIndex !== newIndex && send(list),
  });
}

function send(list) {
  const form = document.getElementById("arrange-form");
  const fields = [...list.querySelectorAll("[data-name]")].map((line) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "row", value: line.dataset.name });
    return field;
  });
  form.querySelector("[data-names]").replaceChildren(...fields);
  form.requestSubmit();
}

function onMove(event) {
  const line = event.target.closest?.(".row-line");
  const by = { ArrowUp: "-1", ArrowDown: "1" }[event.key];
  if (!line || !event.altKey || !by) return;
  event.preventDefault();
  line.querySelector(`[data-move="${by}"]`)?.click();
}

// A hidden field keeps its value, so that changing one's mind twice loses nothing.
function showForKind(select) {
  for (const part of select.form.querySelectorAll("[data-for-kind]")) part.hidden = part.dataset.forKind !== select.value;
}
