// The publishing page leaves the comment alone while the consequences are worked out anew: only choices ask for that.
document.addEventListener("htmx:confirm", (event) => {
  const asked = event.detail.triggeringEvent?.target;
  if (event.detail.elt.id === "consequences" && asked?.name !== "change") event.preventDefault();
});
