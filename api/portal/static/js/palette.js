// Ctrl or ⌘ K: one place to find a record or do something. The browser's own dialog keeps the focus inside and
// gives it back. What was opened before is remembered in this browser alone.
import { controls, nameOf, press } from "./keys.js";

const RECENT = "ticketos.recent";
const FEW = 6; // of the page's own controls, while nothing is typed
let palette, input, found, chosen = 0, waiting, asked = 0;
let shownFor = null, goWhenShown = false; // what the lines are an answer to; Enter came before they were there

export function startPalette() {
  palette = document.getElementById("palette");
  if (!palette) return;
  input = palette.querySelector("input");
  found = document.getElementById("palette-found");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close(); else open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(); }
    const option = event.target.closest("#palette [role=option]");
    if (option) go(option);
    if (event.target === palette) palette.close();
  });
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
  input.addEventListener("keydown", (event) => {
    const options = all();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose((chosen + (event.key === "ArrowDown" ? 1 : options.length - 1)) % Math.max(options.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shownFor !== input.value.trim()) goWhenShown = true;
      else if (options[chosen]) go(options[chosen]);
    }
  });
  remember();
  document.addEventListener("portal:swapped", remember);
}

function open() {
  input.value = "";
  shownFor = null;
  goWhenShown = false;
  found.replaceChildren();
  palette.showModal();
  input.focus();
  ask();
}

async function ask() {
  const turn = ++asked, words = input.value.trim();
  const answer = await fetch(`/palette?q=${encodeURIComponent(words)}`, { credentials: "same-origin" });
  if (turn !== asked || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  found.replaceChildren(...(words ? [] : recents()), ...here(words), ...fresh.body.childNodes);
  if (!all().length) {
    const nothing = document.createElement("p");
    nothing.className = "soft small card-body";
    nothing.textContent = found.dataset.nothing;
    found.append(nothing);
  }
  all().forEach((one, index) => { one.id = `option-${index}`; });
  choose(0);
  shownFor = words;
  if (goWhenShown && words === input.value.trim()) { goWhenShown = false; if (all()[0]) go(all()[0]); }
}

const all = () => [...found.querySelectorAll("[role=option]")];

function choose(index) {
  const options = all();
  chosen = index;
  options.forEach((one, at) => one.setAttribute("aria-selected", String(at === index)));
  input.setAttribute("aria-activedescendant", options[index]?.id ?? "");
  options[index]?.scrollIntoView({ block: "nearest" });
}

function go(option) {
  palette.close();
  const control = pressable.get(option);
  if (control) press(control);
  else if (option.dataset.send) {
    const form = document.getElementById(option.dataset.send);
    if (form.elements.next) form.elements.next.value = location.pathname + location.search;
    form.requestSubmit();
  }
  else location.href = option.dataset.href;
}

// What can be done on this page, by the names its controls have.
const pressable = new WeakMap();
function here(words) {
  const wanted = words.toLocaleLowerCase(), names = new Set();
  const fitting = controls().filter((one) => {
    const name = nameOf(one);
    if (!name || names.has(name) || !name.toLocaleLowerCase().includes(wanted)) return false;
    return names.add(name);
  }).slice(0, words ? undefined : FEW);
  return group(found.dataset.page, "palette-here", fitting.map((one) => {
    const option = line(nameOf(one));
    pressable.set(option, one);
    return option;
  }));
}

function stored() { try { return JSON.parse(localStorage.getItem(RECENT)) ?? []; } catch { return []; } }

function remember() {
  const here = document.querySelector("[data-remember]");
  if (!here) return;
  const kept = stored().filter((one) => one.href !== location.pathname).slice(0, 7);
  localStorage.setItem(RECENT, JSON.stringify([{ href: location.pathname, text: here.dataset.remember }, ...kept]));
}

function recents() {
  const kept = stored().filter((one) => one.href !== location.pathname && /^\/[^/\\]/.test(one.href));
  return group(found.dataset.recent, "palette-recent", kept.map((one) => {
    const option = line(one.text);
    option.dataset.href = one.href;
    return option;
  }));
}

function line(words) {
  const option = document.createElement("div"), text = document.createElement("span");
  option.setAttribute("role", "option");
  text.textContent = words;
  option.append(text);
  return option;
}

function group(title, id, options) {
  if (!options.length) return [];
  const head = document.createElement("div"), whole = document.createElement("div");
  head.textContent = title;
  head.id = id;
  head.className = "kind";
  whole.setAttribute("role", "group");
  whole.setAttribute("aria-labelledby", id);
  whole.append(head, ...options);
  return [whole];
}
