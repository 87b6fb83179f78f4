// Dragging a tile to another slot pins it there; so does dragging a found item onto the grid.
import { cells, mayEdit, send, stage } from "./stage.js";

export function connectDrag() {
  connect();
  document.addEventListener("htmx:afterSettle", connect);
}

function connect() {
  const root = stage();
  if (!root || !mayEdit() || !window.Sortable) return;
  for (const grid of root.querySelectorAll("[data-grid]")) sortable(grid, { name: "grid", pull: false, put: ["found"] });
  for (const list of root.querySelectorAll("[data-found]")) sortable(list, { name: "found", pull: "clone", put: false });
}

function sortable(list, group) {
  if (window.Sortable.get(list)) return;
  window.Sortable.create(list, {
    group,
    sort: group.name === "grid",
    draggable: "[data-item]",
    filter: ".tile-actions, .place-buttons",
    preventOnFilter: false,
    animation: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "ghost",
    dragClass: "dragged",
    onEnd: ended,
    onAdd: added,
  });
}

function ended({ item, to, from, oldDraggableIndex, newDraggableIndex }) {
  if (from !== to || !to.matches("[data-grid]") || oldDraggableIndex === newDraggableIndex) return;
  const slot = Number(to.dataset.first) + newDraggableIndex;
  send("move-form", { item_id: item.dataset.item, slot, rule_id: item.dataset.rule, token: item.dataset.token, row: to.dataset.row });
}

function added({ item, to, newDraggableIndex }) {
  const slot = Number(to.dataset.first) + newDraggableIndex;
  const { item: id } = item.dataset;
  item.remove();
  // The same item may stand on the grid already: the pin moves it.
  const there = cells(to).find((cell) => cell.dataset.item === id);
  send("move-form", { item_id: id, slot, rule_id: there?.dataset.rule, token: there?.dataset.token, row: to.dataset.row });
}
