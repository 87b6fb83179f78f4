// A link may point at a rule whose card is left out where there are very many: then all of them are fetched.

export function connectAnchor() {
  const asked = location.hash.slice(1);
  const all = document.getElementById("all-rules");
  if (!asked.startsWith("rule-") || !all || document.getElementById(asked)) return;
  document.addEventListener("htmx:afterSettle", () => document.getElementById(asked)?.scrollIntoView(), { once: true });
  addEventListener("load", () => all.click());
}
