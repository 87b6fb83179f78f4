// Keys on the entries of a list: arrows walk, with Alt they carry, Delete removes.
export function focusEntry(entry) {
  for (const each of entry.parentElement.children) each.tabIndex = -1;
  entry.tabIndex = 0;
  entry.focus();
}

export function installEntryKeys(list, { move, remove }) {
  const first = () => { if (![...list.children].some((each) => each.tabIndex === 0) && list.firstElementChild) list.firstElementChild.tabIndex = 0; };
  new MutationObserver(first).observe(list, { childList: true });
  first();
  list.addEventListener("focusin", (event) => {
    const entry = event.target.closest("[data-pick]");
    for (const each of list.children) each.tabIndex = each === entry ? 0 : -1;
  });
  list.addEventListener("keydown", (event) => {
    const entry = event.target.closest("[data-pick]");
    if (!entry) return;
    const all = [...list.children];
    const at = all.indexOf(entry);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (event.altKey) move(entry, to);
      else if (all[to]) focusEntry(all[to]);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(entry);
    }
  });
}
