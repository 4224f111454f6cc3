// Choosing many rows: all at once, a range with shift, X for the row in focus; how many are chosen stands beside the acts.
let last;

const boxes = () => [...document.querySelectorAll("[data-choose]")];

export function startChoosing() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-choose]");
    if (box) {
      const all = boxes(), from = all.indexOf(last), to = all.indexOf(box);
      if (event.shiftKey && from >= 0) all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => { one.checked = box.checked; });
      last = box;
      told();
    }
    const every = event.target.closest?.("[data-choose-all]");
    if (every) { boxes().forEach((one) => { one.checked = every.checked; }); told(); }
  });
  document.addEventListener("portal:swapped", told);
  told();
}

// The box of the row in focus; true when there is one.
export function chooseFocused() {
  const box = document.activeElement?.closest?.("tr")?.querySelector("[data-choose]");
  box?.click();
  return Boolean(box);
}

function told() {
  const every = document.querySelector("[data-choose-all]"), all = boxes();
  const chosen = all.filter((one) => one.checked).length;
  if (every) {
    every.hidden = false;
    every.checked = chosen > 0 && chosen === all.length;
    every.indeterminate = chosen > 0 && chosen < all.length;
  }
  const said = document.querySelector("[data-chosen]");
  if (!said) return;
  said.dataset.hint ??= said.textContent;
  said.textContent = chosen ? (chosen === 1 ? said.dataset.one : said.dataset.other.replace("2", chosen)) : said.dataset.hint;
}
