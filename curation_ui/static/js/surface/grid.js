// Roving focus: one tile of a grid is in the tab order; arrows, Home and End move among the others.
import { cellOf, cells, stage } from "./stage.js";

export function connectGrid() {
  document.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell && stage()?.contains(cell)) choose(cell);
  });
  document.addEventListener("keydown", onArrow);
  document.addEventListener("click", onOpen);
}

// How many tiles stand in a line just now.
export function columns(grid) {
  const all = cells(grid);
  const top = all[0]?.offsetTop;
  const first = all.findIndex((cell) => cell.offsetTop !== top);
  return first === -1 ? Math.max(all.length, 1) : first;
}

export function step(grid, key) {
  return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(grid), ArrowUp: -columns(grid) }[key];
}

export function focusCell(cell) {
  cell?.querySelector(".tile-main")?.focus({ preventScroll: false });
}

// Makes `cell` the tile that tabbing reaches, and shows why it is where it is.
export function choose(cell) {
  const grid = cell.parentElement;
  for (const other of stage().querySelectorAll(".cell[data-chosen]")) other.removeAttribute("data-chosen");
  for (const other of cells(grid)) {
    const on = other === cell;
    for (const control of other.querySelectorAll(".tile-main, .tile-actions button")) control.tabIndex = on ? 0 : -1;
    other.toggleAttribute("data-chosen", on);
  }
  explain(cell);
}

function explain(cell) {
  const panel = document.getElementById("why");
  const words = cell.querySelector("template.why-words");
  if (!panel || !words) return;
  panel.replaceChildren(words.content.cloneNode(true));
  window.htmx.process(panel);
}

function onArrow(event) {
  if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
  const cell = cellOf(event.target);
  const grid = cell?.parentElement;
  if (!grid?.matches("[data-grid]")) return;
  const all = cells(grid);
  const next = { Home: 0, End: all.length - 1 }[event.key] ?? all.indexOf(cell) + step(grid, event.key);
  if (Number.isNaN(next)) return;
  const found = all[next] ?? inNextGrid(grid, all.indexOf(cell), event.key);
  if (!found) return;
  event.preventDefault();
  focusCell(found);
}

// On the whole page, up and down lead from row to row, to the same slot where there is one.
function inNextGrid(grid, at, key) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!by) return null;
  const grids = [...stage().querySelectorAll("[data-grid]")];
  const other = grids[grids.indexOf(grid) + by];
  const all = other ? cells(other) : [];
  return all[Math.min(at, all.length - 1)] ?? null;
}

// A click on a tile explains it in place; without scripts the same link asks the server.
function onOpen(event) {
  const link = event.target.closest(".tile-main");
  if (!link || event.ctrlKey || event.metaKey || event.button !== 0) return;
  event.preventDefault();
  event.stopPropagation();
  link.focus({ preventScroll: true });
  choose(cellOf(link));
  const panel = document.getElementById("why");
  if (panel && panel.getBoundingClientRect().top > window.innerHeight) panel.scrollIntoView({ block: "nearest" });
}
