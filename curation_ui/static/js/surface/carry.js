// Shift and an arrow carry a tile to another slot; letting go of Shift pins it there, Escape puts it back.
import { step } from "./grid.js";
import { cellOf, cells, mayEdit, send } from "./stage.js";

let carried = null;

export function connectCarry() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("keyup", (event) => event.key === "Shift" && drop());
  window.addEventListener("blur", putBack);
}

function onKey(event) {
  if (event.key === "Escape" && carried) return putBack();
  const cell = cellOf(event.target);
  const grid = cell?.parentElement;
  if (!event.shiftKey || !grid?.matches("[data-grid]") || !mayEdit()) return undefined;
  const by = step(grid, event.key);
  if (by === undefined) return undefined;
  event.preventDefault();
  return carry(cell, grid, by);
}

function carry(cell, grid, by) {
  const all = cells(grid);
  carried ??= { cell, home: all.indexOf(cell), slots: all.map((each) => each.dataset.slot) };
  const to = all.indexOf(cell) + by;
  if (!all[to]) return;
  all[to][by > 0 ? "after" : "before"](cell);
  cell.toggleAttribute("data-carried", true);
  cell.querySelector(".tile-main").focus();
  cell.querySelector(".slot").textContent = carried.slots[to];
}

function drop() {
  if (!carried) return;
  const { cell, home, slots } = carried;
  const at = cells(cell.parentElement).indexOf(cell);
  carried = null;
  cell.removeAttribute("data-carried");
  if (at !== home) send("move-form", { item_id: cell.dataset.item, slot: slots[at], rule_id: cell.dataset.rule, token: cell.dataset.token, row: cell.dataset.row });
}

function putBack() {
  if (!carried) return;
  const { cell, home, slots } = carried;
  carried = null;
  const others = cells(cell.parentElement).filter((each) => each !== cell);
  if (others[home]) others[home].before(cell);
  else cell.parentElement.append(cell);
  cell.removeAttribute("data-carried");
  cell.querySelector(".slot").textContent = slots[home];
  cell.querySelector(".tile-main").focus();
}
