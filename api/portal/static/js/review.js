// Reviewing without leaving the keyboard: Enter goes on, Ctrl Enter is the button that is meant.
import { Viewer, besides } from "./viewer.js";

const form = document.getElementById("vform");
const viewer = new Viewer(document.querySelector("[data-viewer]"));
const save = document.getElementById("save");
const inputs = besides(viewer, form, (input, value, place) => {
  input.value = value;
  const kept = form.elements[`place_${input.dataset.name}`];
  if (place && kept) kept.value = [place.page, ...place.box.map((edge) => edge.toFixed(4))].join(",");
});

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) { event.preventDefault(); save?.click(); return; }
  const at = inputs.indexOf(event.target);
  if (at < 0) return;
  event.preventDefault();
  const to = inputs[at + (event.shiftKey ? -1 : 1)] ?? save;
  to?.focus();
  to?.select?.();
});
(inputs[0] ?? save)?.focus({ preventScroll: true });
