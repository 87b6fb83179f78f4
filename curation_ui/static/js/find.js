// A link may bring an item along (`?find=85123A`) to a page on which items are looked for.
function arrive() {
  const asked = new URLSearchParams(location.search).get("find");
  const field = document.getElementById("find-item");
  if (!asked || !field) return;
  addEventListener("load", () => {
    field.value = asked;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

// The search box of every page: arrows walk through what was found, Escape leaves.
export function installFind() {
  arrive();
  const box = document.querySelector("[data-find]");
  if (!box) return;
  const input = box.querySelector("input");
  const results = box.querySelector(".find-results");
  const links = () => [...results.querySelectorAll("a, button")];
  const leave = () => results.replaceChildren();
  box.addEventListener("keydown", (event) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && all.length) { event.preventDefault(); all[Math.min(at + 1, all.length - 1)].focus(); }
    if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (at === 0 ? input : all[at - 1]).focus(); }
    if (event.key === "Escape") { leave(); input.focus(); input.blur(); }
  });
  box.addEventListener("focusout", (event) => { if (!box.contains(event.relatedTarget)) setTimeout(() => { if (!box.contains(document.activeElement)) leave(); }, 120); });
}
