// Dialogs in which one key is enough: a slot after P, a number for a reason after V.

// How long a first digit waits for a second one, where both could be meant. Whoever needs more time opens the dialog by
// its button, in which nothing acts by itself.
const PAUSE_MS = 900;

// `quick`: the dialog was opened by a key; `slots`: how many there are to choose from.
export function connectQuick(dialog, { quick, slots }) {
  connectReasons(dialog);
  if (quick && dialog.matches("[data-quick-slot]")) connectSlot(dialog, slots);
}

function connectSlot(dialog, slots) {
  const field = dialog.querySelector('[name="slot"]');
  dialog.querySelector("[data-quick-hint]").hidden = false;
  let timer = null;
  const wait = () => clearTimeout(timer);
  const pin = () => { wait(); if (dialog.isConnected && field.form.checkValidity()) field.form.requestSubmit(); };
  dialog.addEventListener("keydown", (event) => { if (!isDigit(event)) wait(); });
  dialog.addEventListener("pointerdown", wait);
  dialog.addEventListener("close", wait);
  field.addEventListener("input", (event) => {
    wait();
    if (!/^[0-9]$/.test(event.data ?? "")) return;
    if (Number(field.value) * 10 > slots) pin();
    else timer = setTimeout(pin, PAUSE_MS);
  });
}

function connectReasons(dialog) {
  const field = dialog.querySelector('[name="reason"]');
  const offered = [...dialog.querySelectorAll("[data-reason]")];
  if (!field || !offered.length) return;
  const untouched = field.value;
  const give = (button) => { field.value = button.dataset.reason; field.form.requestSubmit(); };
  for (const button of offered) button.addEventListener("click", () => give(button));
  field.addEventListener("keydown", (event) => {
    const button = isDigit(event) && field.value === untouched && offered[Number(event.key) - 1];
    if (!button) return;
    event.preventDefault();
    give(button);
  });
}

const isDigit = (event) => /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
