// Reviewing without leaving the keyboard: Enter goes on, Ctrl Enter is the button that is meant. Blind, the steps are the
// values to read; compared, they are the differences, and X or the space bar marks the one in focus as a defect or not.
import { startGrid } from "./grid.js";
import { Viewer, besides } from "./viewer.js";

const form = document.getElementById("vform"), save = document.getElementById("save");
const viewer = new Viewer(document.querySelector("[data-viewer]"));
const blind = "reading" in form.dataset;

function fill(input, value, place) {
  input.value = value;
  const kept = form.elements[`place_${input.dataset.name}`];
  if (place && kept) kept.value = [place.page, ...place.box.map((edge) => edge.toFixed(4))].join(",");
}
const named = besides(viewer, form, blind ? fill : undefined);
const shown = (one) => one.offsetParent !== null && !one.disabled;
// The first cell of the lines is a step; inside them their own keys go on.
const steps = () => (blind ? [...form.querySelectorAll("[data-name], [data-grid] tr:first-child [data-column='0']")] : named.filter((one) => "wanted" in one.dataset)).filter(shown);

function go(node) { node?.focus(); node?.select?.(); node?.scrollIntoView({ block: "nearest" }); }

// The step after this place of the page, or before it; after the last one the button.
function on(from, back) {
  const all = steps(), after = (one) => from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
  go(back ? all.filter((one) => one !== from && !after(one)).at(-1) ?? all[0] : all.find((one) => one !== from && after(one)) ?? save);
}

form.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  const row = event.target.matches("li[data-name]") ? event.target : null;
  if (row && (event.key === " " || event.key.toLowerCase() === "x") && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    row.querySelector("[name=defect]")?.click();
    return;
  }
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) { event.preventDefault(); save?.click(); return; }
  if (!row && !event.target.matches("input[data-name]")) return;
  event.preventDefault();
  on(event.target, event.shiftKey);
});
form.querySelectorAll("[data-grid]").forEach((body) => startGrid(body, { done: (input) => on(input) }));
const first = steps()[0] ?? save;
first?.focus({ preventScroll: true });
first?.scrollIntoView({ block: "nearest" });
