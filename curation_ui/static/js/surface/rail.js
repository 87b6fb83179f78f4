// The counts in the rail follow the draft, though the rail stands outside of the stage.

export function connectRail() {
  document.addEventListener("draft-changed", async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".rail-nav");
    const rail = document.querySelector(".rail-nav");
    if (fresh && rail && !rail.contains(document.activeElement)) rail.replaceWith(fresh);
  });
}
