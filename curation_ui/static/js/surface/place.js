// Keeps the editor's place: after a change the same tile has the focus, and tiles glide to where they went.
import { choose } from "./grid.js";
import { cellOf, stage } from "./stage.js";

const GLIDE = { duration: 260, easing: "cubic-bezier(.2,.7,.2,1)" };
let before = null;
let asked = null;

export function connectPlace() {
  // A button is disabled while its request is under way, and loses the focus: what it was is noted before.
  document.addEventListener("submit", (event) => { asked = (event.submitter ?? document.activeElement)?.dataset?.keep; }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "stage" && event.detail.shouldSwap) before = remember();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!before) return;
    const memory = before;
    before = asked = null;
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
    row: chosen?.dataset.row,
    // What had the focus may be gone, with a dialog say: then it goes to the tile, and is never lost.
    focused: active === document.body || (root.contains(active) && !active.closest(".lens, .beside")),
    key: active?.dataset?.keep ?? (active === document.body ? asked : undefined),
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
  const grid = gridOf(root, memory.row);
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

// The grid of a row; the only grid where there is one only.
function gridOf(root, row) {
  return root.querySelector(`[data-grid][data-row="${CSS.escape(row ?? "")}"]`) ?? root.querySelector("[data-grid]");
}

const keyOf = (cell) => `${cell.dataset.row} ${cell.dataset.item}`;

function placesOf(root) {
  const found = new Map();
  for (const cell of root.querySelectorAll("[data-grid] > .cell")) {
    found.set(keyOf(cell), { left: cell.offsetLeft, top: cell.offsetTop });
  }
  return found;
}

function glide(root, places) {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const cell of root.querySelectorAll("[data-grid] > .cell")) {
    const was = places.get(keyOf(cell));
    if (!was) {
      if (places.size) cell.animate([{ opacity: 0 }, { opacity: 1 }], GLIDE);
      continue;
    }
    const [x, y] = [was.left - cell.offsetLeft, was.top - cell.offsetTop];
    if (x || y) cell.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], GLIDE);
  }
}
