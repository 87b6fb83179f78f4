// Keeps the editor's place: after a change the same tile has the focus, and tiles glide to where they went.
import { choose } from "./grid.js";
import { cellOf, stage } from "./stage.js";

const GLIDE = { duration: 260, easing: "cubic-bezier(.2,.7,.2,1)" };
let before = null;

export function connectPlace() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "stage" && event.detail.shouldSwap) before = remember();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!before) return;
    const memory = before;
    before = null;
    restore(memory);
  });
}

function remember() {
  const root = stage();
  const chosen = cellOf(document.activeElement) ?? root.querySelector(".cell[data-chosen]");
  const active = document.activeElement;
  return {
    item: chosen?.dataset.item,
    slot: chosen?.dataset.slot,
    focused: root.contains(active) && !active.closest(".lens, .beside"),
    key: active?.dataset?.keep,
    scroll: [window.scrollX, window.scrollY],
    rail: root.querySelector(".beside")?.scrollTop ?? 0,
    places: placesOf(root),
  };
}

function restore(memory) {
  const root = stage();
  if (!root) return;
  window.scrollTo(...memory.scroll);
  const rail = root.querySelector(".beside");
  if (rail) rail.scrollTop = memory.rail;
  const grid = root.querySelector("[data-grid]");
  const cell = grid && (find(grid, "item", memory.item) ?? find(grid, "slot", memory.slot));
  if (cell) choose(cell);
  const kept = memory.key && root.querySelector(`[data-keep="${CSS.escape(memory.key)}"]`);
  if (kept) kept.focus({ preventScroll: true });
  else if (memory.focused) cell?.querySelector(".tile-main")?.focus({ preventScroll: true });
  glide(root, memory.places);
}

function find(grid, name, value) {
  return value ? grid.querySelector(`:scope > .cell[data-${name}="${CSS.escape(value)}"]`) : null;
}

function placesOf(root) {
  const grid = root.querySelector("[data-grid]");
  const found = new Map();
  for (const cell of grid?.querySelectorAll(":scope > .cell") ?? []) {
    found.set(cell.dataset.item, { left: cell.offsetLeft, top: cell.offsetTop });
  }
  return found;
}

function glide(root, places) {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const grid = root.querySelector("[data-grid]");
  for (const cell of grid?.querySelectorAll(":scope > .cell") ?? []) {
    const was = places.get(cell.dataset.item);
    if (!was) {
      if (places.size) cell.animate([{ opacity: 0 }, { opacity: 1 }], GLIDE);
      continue;
    }
    const [x, y] = [was.left - cell.offsetLeft, was.top - cell.offsetTop];
    if (x || y) cell.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], GLIDE);
  }
}
