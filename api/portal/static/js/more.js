// Rows of a form of which there can be more: a button that copies the last one, empty. Without a script each page has some
// empty ones, and saving brings more.
export function startMore() {
  document.querySelectorAll("[data-more]").forEach((one) => { one.hidden = Boolean(one.closest("fieldset[disabled]")); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-more]");
    if (!button) return;
    const all = button.closest("fieldset").querySelectorAll("[data-more-row]"), last = all[all.length - 1], row = last.cloneNode(true);
    const next = (text) => text.replace(/\d+$/, String(all.length + 1));
    row.querySelectorAll("input").forEach((one) => { one.value = ""; one.id = next(one.id); });
    row.querySelectorAll("label").forEach((one) => { one.htmlFor = next(one.htmlFor); one.textContent = next(one.textContent); });
    last.after(row);
    row.querySelector("input").focus();
  });
}
