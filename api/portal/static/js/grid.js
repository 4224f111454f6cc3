// A table of inputs like a spreadsheet. Arrows and Enter move between rows, the left and right ones between cells where the
// text ends; Shift with an arrow chooses cells of a column; Ctrl or ⌘ D copies what stands above, or the first of the chosen
// cells, downwards; a pasted block fills cells. Where rows can be added and struck out, Alt Enter and Alt Delete do it.
//   add(after)   makes a row below that one and gives it; without it the rows are as many as they are
//   strike(row)  strikes a row out, or takes that back
//   done(input)  Enter in the last row, where none can be added
//   changed()    values were put in by other means than typing
export function startGrid(body, { add, strike, done, changed = () => {} } = {}) {
  let from = null; // where the choosing of cells began
  const rows = () => [...body.rows];
  const cell = (row, column) => row?.querySelector(`[data-column="${column}"]`);
  const rowOf = (input) => rows().indexOf(input.closest("tr"));
  const chosen = () => [...body.querySelectorAll("[data-chosen-cell]")];
  const clear = () => { chosen().forEach((one) => delete one.dataset.chosenCell); from = null; };
  const go = (input) => { if (!input) return false; input.focus(); input.select(); input.scrollIntoView({ block: "nearest", inline: "nearest" }); return true; };

  function put(inputs, value) {
    for (const one of inputs) one.value = value;
    if (inputs.length) changed();
  }

  function fillDown(input) {
    const all = chosen(), column = input.dataset.column;
    if (all.length > 1) { put(all.slice(1), all[0].value); return; }
    const above = cell(rows()[rowOf(input) - 1], column);
    if (above) put([input], above.value);
  }

  function choose(input, step) {
    from ??= input;
    const to = cell(rows()[rowOf(input) + step], input.dataset.column);
    if (!to || to.dataset.column !== from.dataset.column) return;
    const [first, last] = [rowOf(from), rowOf(to)].sort((one, two) => one - two), start = from;
    chosen().forEach((one) => delete one.dataset.chosenCell);
    rows().slice(first, last + 1).forEach((row) => { cell(row, to.dataset.column).dataset.chosenCell = ""; });
    to.focus();
    from = start;
  }

  // Left and right leave a cell only where its text ends; a cell whose whole text is selected is one step wide.
  function sideways(input, step) {
    const { selectionStart: start, selectionEnd: end, value } = input;
    const whole = start === 0 && end === value.length;
    if (!whole && (start !== end || start !== (step < 0 ? 0 : value.length))) return false;
    return go(cell(input.closest("tr"), Number(input.dataset.column) + step));
  }

  function down(input, step, enter) {
    const to = rows()[rowOf(input) + step];
    if (to) return go(cell(to, input.dataset.column));
    if (step < 0) return false;
    if (add) return go(cell(add(), input.dataset.column));
    if (!enter) return false;
    return go(cell(rows()[0], Number(input.dataset.column) + 1)) || (done?.(input), true);
  }

  function moved(event, input) {
    const { key, shiftKey: shift } = event;
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() !== "d" || shift || event.altKey) return false;
      fillDown(input);
      return true;
    }
    if (event.altKey) {
      if (key === "Enter" && add) return go(cell(add(input.closest("tr")), 0));
      if (key === "Delete" && strike) { strike(input.closest("tr")); return go(cell(rows()[rowOf(input) + 1], input.dataset.column)) || true; }
      return false;
    }
    if (shift && (key === "ArrowDown" || key === "ArrowUp")) { choose(input, key === "ArrowDown" ? 1 : -1); return true; }
    if (key === "ArrowLeft" || key === "ArrowRight") return !shift && sideways(input, key === "ArrowLeft" ? -1 : 1);
    const step = { ArrowDown: 1, ArrowUp: -1, Enter: shift ? -1 : 1 }[key];
    return step ? down(input, step, key === "Enter") || true : false;
  }

  body.addEventListener("keydown", (event) => {
    const input = event.target.closest("[data-column]");
    if (!input || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
    if (moved(event, input)) event.preventDefault();
  });
  body.addEventListener("focusin", (event) => { if (!("chosenCell" in event.target.dataset)) clear(); });
  body.addEventListener("pointerdown", clear);

  body.addEventListener("paste", (event) => {
    const input = event.target.closest("[data-column]"), text = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n$/, "");
    if (!input || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    let at = rowOf(input);
    const start = Number(input.dataset.column);
    for (const line of text.split("\n")) {
      const row = rows()[at++] ?? add?.();
      if (!row) break;
      line.split("\t").forEach((value, offset) => { const to = cell(row, start + offset); if (to) to.value = value.trim(); });
    }
    changed();
  });
  return { cell, go };
}
