// A document to read: the focused field's box, and the field of a box.
import { Viewer } from "./viewer.js";

const viewer = new Viewer(document.querySelector("[data-viewer]"));
const fields = [...document.querySelectorAll(".dfield")];
viewer.setBoxes(fields.filter((one) => one.dataset.box).map((one) => ({
  name: one.dataset.name, page: Number(one.dataset.page) || 1, box: one.dataset.box.split(",").map(Number),
  state: one.dataset.state, title: one.querySelector("dt").textContent, now: false,
})));
fields.forEach((one) => one.addEventListener("focus", () => viewer.focus(one.dataset.name)));
viewer.onPick = (name) => fields.find((one) => one.dataset.name === name)?.focus();
// An address may name a field: #field-total.
if (location.hash.startsWith("#field-")) document.getElementById(location.hash.slice(1))?.focus();
