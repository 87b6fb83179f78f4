// The surface page: the grid answers to keys, drag and small dialogs, and keeps its place after every change.
import { connectAnchor } from "./surface/anchor.js";
import { connectCarry } from "./surface/carry.js";
import { connectDialogs } from "./surface/dialogs.js";
import { connectDrag } from "./surface/drag.js";
import { connectFound } from "./surface/found.js";
import { connectGrid } from "./surface/grid.js";
import { connectHold } from "./surface/hold.js";
import { connectKeys } from "./surface/keys.js";
import { connectLens } from "./surface/lens.js";
import { connectPlace } from "./surface/place.js";
import { connectRail } from "./surface/rail.js";
import { connectRows } from "./surface/rows.js";

// Settling copies style attributes from old elements to new ones, which the Content-Security-Policy forbids.
window.htmx.config.attributesToSettle = ["class"];

connectPlace();
// After the place is kept: the keys that waited must find the tile again.
connectHold();
connectDialogs();
connectGrid();
connectCarry();
connectKeys();
connectLens();
connectDrag();
connectFound();
connectRail();
connectRows();
connectAnchor();
