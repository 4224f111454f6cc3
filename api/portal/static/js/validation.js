// Validation without leaving the keyboard: Enter confirms and goes to the next field that needs a look.
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

// Lines like a spreadsheet: arrows, Enter down, paste fills cells, a line more when the last one is used.
const grid = form.querySelector(".vlines tbody"), add = form.querySelector("[data-add-line]");
if (save) add.hidden = false;
add.addEventListener("click", () => cell(addLine(), 0)?.focus());
const rows = () => [...grid.rows];
const cell = (row, column) => row?.querySelector(`[data-column="${column}"]`);

function addLine() {
  const last = grid.rows[grid.rows.length - 1], row = last.cloneNode(true), number = grid.rows.length;
  row.querySelectorAll("input").forEach((one) => {
    if (one.type === "checkbox") { one.checked = false; one.value = String(number); return; }
    one.value = "";
    one.name = one.name.replace(/^line_\d+/, `line_${number}`);
    one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/\d+$/, String(number + 1)));
  });
  grid.append(row);
  return row;
}

grid.addEventListener("keydown", (event) => {
  const input = event.target.closest("[data-column]");
  if (!input || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, Enter: event.shiftKey ? -1 : 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = rows(), at = all.indexOf(input.closest("tr"));
  const to = all[at + step] ?? (step > 0 ? addLine() : null);
  go(cell(to, input.dataset.column));
});
grid.addEventListener("paste", (event) => {
  const input = event.target.closest("[data-column]"), text = event.clipboardData.getData("text");
  if (!input || !/[\t\n]/.test(text)) return;
  event.preventDefault();
  let at = rows().indexOf(input.closest("tr"));
  const start = Number(input.dataset.column);
  for (const line of text.replace(/\r/g, "").replace(/\n$/, "").split("\n")) {
    const row = rows()[at++] ?? addLine();
    line.split("\t").forEach((value, offset) => { const to = cell(row, start + offset); if (to) to.value = value.trim(); });
  }
  form.dispatchEvent(new Event("change"));
});

// A refused form shows where to go on; a fresh one starts at the first field that needs a look.
go(form.querySelector("[data-focus]") ?? wanted[0] ?? save);
