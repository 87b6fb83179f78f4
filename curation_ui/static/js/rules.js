// Ticking the rules of a page together, and saying how many are ticked. The form works without this.
const boxes = () => [...document.querySelectorAll('input[name="rule"][form="bulk"]')];

function tell() {
  const place = document.querySelector("[data-ticked]");
  if (!place) return;
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  place.textContent = ticked ? `${ticked} ${place.dataset.some}` : place.dataset.none;
  const every = document.querySelector("[data-tick-all]");
  every.checked = ticked > 0 && ticked === all.length;
  every.indeterminate = ticked > 0 && ticked < all.length;
}

// A range between two ticks is ticked with Shift.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.('input[name="rule"][form="bulk"]')) return;
  const all = boxes();
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const each of all.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
  tell();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) for (const box of boxes()) box.checked = event.target.checked;
  tell();
});
document.addEventListener("htmx:afterSettle", tell);
tell();
