// Single keys act on what carries data-key; `g` and a letter go to a menu line; lists move with J and K.
// X chooses the row in focus. They rest while somebody types, with a modifier held, and when switched off (WCAG 2.1.4).
import { chooseFocused } from "./choose.js";

let going = false, goingEnds;

export const typing = (node) => node && (node.isContentEditable || node.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));
export const on = () => document.getElementById("prefs")?.dataset.shortcuts === "on";

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (typing(event.target) || !on()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (going) { going = false; if (goTo(key)) event.preventDefault(); return; }
    if (key === "g") { going = true; clearTimeout(goingEnds); goingEnds = setTimeout(() => { going = false; }, 1500); return; }
    if (key === "?") { event.preventDefault(); showSheet(); return; }
    if ((key === "j" || key === "k") && moveInList(key === "j" ? 1 : -1)) { event.preventDefault(); return; }
    if (key === "x" && chooseFocused()) { event.preventDefault(); return; }
    const wanted = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((one) => one.offsetParent !== null || one.closest("details"));
    if (!wanted) return;
    event.preventDefault();
    press(wanted);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented || event.repeat) return;
    const button = sends(event.target);
    if (button) { event.preventDefault(); button.click(); }
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet-open]");
    if (opener && document.getElementById("sheet")) { event.preventDefault(); showSheet(); }
  });
}

// The button that Ctrl or ⌘ Enter presses: the only one of the form one is in, else the one that the page names. A form
// with several acts has none: which of them is meant is for a person to press.
function sends(node) {
  const form = node.closest?.("form");
  if (!form || form.method !== "post") return null;
  const buttons = [...form.elements].filter((one) => one.type === "submit" && !one.hidden);
  return buttons.length === 1 ? buttons[0] : null;
}

// What the controls of the page do, as the cheat sheet and the palette name it.
export const nameOf = (node) => (node.dataset.keyName || node.getAttribute("aria-label") || [...node.childNodes].filter((one) => one.nodeName !== "KBD").map((one) => one.textContent).join("")).trim().replace(/\s+/g, " ");
export const controls = () => [...document.querySelectorAll("main [data-key], main .acts > .button, main .acts summary, main .acts > form > button, main .page-head .button")].filter((one) => one.offsetParent !== null && !one.disabled);

export function press(node) {
  const closed = node.closest("details:not([open])");
  if (closed && !node.matches("summary")) closed.open = true;
  if (node.matches("input, textarea, select")) { node.focus(); node.select?.(); } else { node.focus(); node.click(); }
}

function goTo(key) {
  const link = [...document.querySelectorAll(`.side [data-go="${CSS.escape(key)}"], .menu-small [data-go="${CSS.escape(key)}"]`)][0];
  link?.click();
  return Boolean(link);
}

// Rows of a list with data-rows; the chosen one is the one in focus, so Enter is the browser's own.
function moveInList(step) {
  const rows = [...document.querySelectorAll("[data-rows] [data-row]")];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement.closest?.("[data-row]") ?? document.activeElement);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function showSheet() {
  const sheet = document.getElementById("sheet"), list = document.getElementById("sheet-keys");
  const rows = [["Ctrl / ⌘ K", list.dataset.find], ["?", list.dataset.this]];
  const seen = new Set();
  document.querySelectorAll("[data-key]").forEach((one) => {
    const name = nameOf(one);
    if (!seen.has(one.dataset.key)) { seen.add(one.dataset.key); rows.push([shown(one.dataset.key), name]); }
  });
  if (document.querySelector("[data-rows] [data-row]")) rows.push(["J K", list.dataset.rows]);
  if (document.querySelector("main form[method=post]")) rows.push(["Ctrl Enter", list.dataset.send]);
  if (list.dataset.pick && document.querySelector("[data-choose]")) rows.push(["X", list.dataset.pick]);
  document.querySelectorAll("[data-keys]").forEach((one) => JSON.parse(one.dataset.keys).forEach((row) => rows.push(row)));
  document.querySelectorAll(".side [data-go]").forEach((one) => rows.push([`G ${one.dataset.go.toUpperCase()}`, `${list.dataset.go} ${one.textContent.trim()}`]));
  list.replaceChildren(...rows.flatMap(([keys, name]) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    keys.split(" ").forEach((one) => { const key = document.createElement("kbd"); key.textContent = one; term.append(key, " "); });
    text.textContent = name;
    return [term, text];
  }));
  sheet.showModal();
}

const shown = (key) => (key.length === 1 ? key.toUpperCase() : key);
