// The portal's own script: partial updates, keys, palette, live lines. Everything here has a plain way too.
import { swap, follow } from "./swap.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startLive } from "./live.js";
import { startChoosing } from "./choose.js";
import { startMore } from "./more.js";

document.documentElement.dataset.script = "on";

startKeys();
startPalette();
startLive();
startChoosing();
startMore();

// What only makes sense without a script.
function tidy(root) {
  root.querySelectorAll("[data-hide-when-live]").forEach((one) => { one.hidden = true; });
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  root.querySelectorAll("[data-mod]").forEach((one) => { one.textContent = (mac ? "⌘ " : "Ctrl ") + one.dataset.mod; });
  root.querySelectorAll("input[name=zone][type=hidden]").forEach((one) => {
    one.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  });
  root.querySelectorAll("[data-select-on-focus]").forEach((one) => one.addEventListener("focus", () => one.select()));
}
tidy(document);
document.addEventListener("portal:swapped", (event) => tidy(event.target));

// Links and forms with data-swap change a part of the page instead of all of it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  follow(link.href, link.dataset.swap);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || event.submitter?.formMethod === "dialog") return; // the button that sends nothing
  const button = event.submitter;
  if (!form.hasAttribute("data-swap")) {
    // A plain form: say at once that it is under way, and let it go once.
    if (form.method === "post") {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      if (button) requestAnimationFrame(() => button.setAttribute("aria-busy", "true"));
    }
    return;
  }
  event.preventDefault();
  const target = form.dataset.swap;
  if (form.method === "get") {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    const text = query.toString();
    follow(form.action.split("?")[0] + (text ? "?" + text : ""), target);
    return;
  }
  if (button) button.setAttribute("aria-busy", "true");
  const data = new FormData(form, button);
  const plain = form.enctype !== "multipart/form-data";
  swap(form.action, target, { method: "POST", body: plain ? new URLSearchParams(data) : data }, true)
    .finally(() => button?.removeAttribute("aria-busy"));
});

// Filters apply themselves: a choice at once, words when typing rests.
let resting;
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && event.target.type !== "search") form.requestSubmit();
});
document.addEventListener("input", (event) => {
  if (event.target.type !== "search" || !event.target.closest("form[data-auto]")) return;
  clearTimeout(resting);
  resting = setTimeout(() => event.target.form.requestSubmit(), 300);
});
window.addEventListener("popstate", () => swap(location.href, "page", {}, false));

// A drop closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.drop[open]").forEach((drop) => { if (!drop.contains(event.target)) drop.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.drop[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});

// The theme changes without a load; the form behind keeps it for the next page.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  delete form.dataset.sent;
  const theme = event.submitter.value;
  event.submitter.removeAttribute("aria-busy");
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  form.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === event.submitter)));
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)), redirect: "manual" });
}, true);

// One-click copying of what is shown once.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  document.getElementById("said").textContent = button.dataset.copied;
});
