// Validation without leaving the keyboard: Enter confirms and goes to the next field that needs a look.
import { startGrid } from "./grid.js";
import { Viewer, besides } from "./viewer.js";

const form = document.getElementById("vform");
const viewer = new Viewer(document.querySelector("[data-viewer]"));
const inputs = besides(viewer, form, fill);
const wanted = inputs.filter((one) => one.closest("[data-wanted]"));
const seen = new Set();
const save = document.getElementById("save");

function fill(input, value, place) {
  input.value = value;
  if (place) form.elements[`place_${input.dataset.name}`].value = [place.page, ...place.box.map((edge) => edge.toFixed(4))].join(",");
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// The next field to look at after this one, then from the start; none left: the button.
function next(from) {
  if (from) { seen.add(from); from.closest(".vfield").classList.add("looked"); }
  const at = inputs.indexOf(from);
  const open = wanted.filter((one) => !seen.has(one));
  const to = open.find((one) => inputs.indexOf(one) > at) ?? open[0];
  go(to ?? save);
}

function go(node) { if (!node) return; node.focus(); node.select?.(); node.scrollIntoView({ block: "nearest" }); }

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save?.click(); return; }
  const input = event.target.closest("[data-name]");
  const option = event.target.closest(".cands [role=option]");
  if (option) { inList(event, option); return; }
  if (!input) {
    // Enter in any other field of the form must not send it half done.
    if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])") && !event.target.matches("[data-column]")) event.preventDefault();
    return;
  }
  if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); const at = wanted.indexOf(input); seen.delete(wanted[at - 1]); go(wanted[Math.max(0, at - 1)]); return; }
  if (event.key === "Enter") { event.preventDefault(); next(input); return; }
  if (event.key === "ArrowDown") {
    const first = input.closest(".vfield").querySelector(".cands [role=option]");
    if (first) { event.preventDefault(); first.focus(); }
  }
});

function inList(event, option) {
  const field = option.closest(".vfield"), options = [...field.querySelectorAll(".cands [role=option]")], input = field.querySelector("[data-name]");
  const at = options.indexOf(option), digit = Number(event.key);
  if (digit >= 1 && digit <= options.length) { event.preventDefault(); take(options[digit - 1], input); return; }
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 };
  if (event.key in moves) { event.preventDefault(); if (moves[event.key] < 0) go(input); else options[Math.min(moves[event.key], options.length - 1)].focus(); }
  if (event.key === "Enter" || event.key === " ") { event.preventDefault(); take(option, input); }
  if (event.key === "Escape") { event.preventDefault(); go(input); }
}

// Taking a candidate is the answer to this field: on to the next.
function take(option, input) {
  const box = option.dataset.box ? option.dataset.box.split(",").map(Number) : null;
  fill(input, option.dataset.value, box ? { page: Number(option.dataset.page) || 1, box } : null);
  next(input);
}
form.addEventListener("click", (event) => {
  const option = event.target.closest(".cands [role=option]");
  if (option) take(option, option.closest(".vfield").querySelector("[data-name]"));
});
form.addEventListener("focusin", (event) => {
  const option = event.target.closest(".cands [role=option]");
  if (!option) return;
  option.parentNode.querySelectorAll("[role=option]").forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  if (option.dataset.box) viewer.focus(option.closest(".vfield").querySelector("[data-name]").dataset.name, { page: Number(option.dataset.page) || 1, box: option.dataset.box.split(",").map(Number) });
});

// A defect leads to what it is about.
form.addEventListener("click", (event) => {
  const link = event.target.closest(".notice a[href^='#']"), to = link && document.getElementById(link.hash.slice(1));
  if (to?.matches("input, select")) { event.preventDefault(); go(to); }
});

// The checks follow what is typed.
let resting, running;
form.addEventListener("change", () => { clearTimeout(resting); resting = setTimeout(recheck, 150); });
async function recheck() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", signal: running.signal });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("checks");
    const checks = document.getElementById("checks");
    if (fresh && checks.textContent !== fresh.textContent) checks.replaceChildren(...fresh.childNodes);
  } catch (error) { if (error.name !== "AbortError") throw error; }
}

// Lines like a spreadsheet. A row that is put in between moves the numbers of those below it.
const lines = form.querySelector(".vlines tbody"), adds = form.querySelector("[data-add-line]");
const grid = startGrid(lines, {
  add: save ? addLine : undefined, strike: save ? strike : undefined,
  changed: () => form.dispatchEvent(new Event("change")),
});
if (save) adds.hidden = false;
adds.addEventListener("click", () => grid.cell(addLine(), 0)?.focus());

function addLine(after) {
  const last = lines.rows[lines.rows.length - 1], row = last.cloneNode(true);
  row.querySelectorAll("input").forEach((one) => {
    if (one.type === "checkbox") { one.checked = false; return; }
    one.value = "";
    one.removeAttribute("placeholder");
    delete one.dataset.chosenCell;
  });
  row.dataset.blank = "";
  (after ?? last).after(row);
  [...lines.rows].forEach(number);
  return row;
}

function number(row, at) {
  row.querySelectorAll("input").forEach((one) => {
    if (one.type === "checkbox") { one.value = String(at); return; }
    one.name = one.id = one.name.replace(/^line_\d+/, `line_${at}`);
    one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/\d+$/, String(at + 1)));
  });
  const said = row.querySelector(".check .hush");
  if (said) said.textContent = said.textContent.replace(/\d+$/, String(at + 1));
}

function strike(row) {
  row.querySelector("[name=remove]").click();
}

// A refused form shows where to go on; a fresh one starts at the first field that needs a look.
go(form.querySelector("[data-focus]") ?? wanted[0] ?? save);
