// Partial updates: ask for the whole page, show a part of it. The server knows one kind of answer only.
const running = new Map();

export function say(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

// Go to an address, changing only the part with that id.
export function follow(href, id) { return swap(href, id, {}, true); }

// Ask, and put the part `id` of the answer where it is now. With `remember` the address bar follows.
export async function swap(href, id, options = {}, remember = false) {
  const prefs = document.getElementById("prefs")?.dataset ?? {};
  running.get(id)?.abort();
  const control = new AbortController();
  running.set(id, control);
  const target = document.getElementById(id);
  if (!target) { location.href = href; return false; }
  target.classList.add("region");
  target.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(href, { ...options, signal: control.signal, credentials: "same-origin", headers: { Accept: "text/html" } });
    const media = answer.headers.get("content-type") ?? "";
    if (!media.startsWith("text/html")) { location.href = answer.url; return false; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = fresh.getElementById(id);
    // Another kind of page (signed out, another frame): go there whole.
    if (!part || fresh.querySelector("[data-whole]")) { location.href = answer.url; return false; }
    if (remember && answer.ok && answer.url !== location.href) history.pushState(null, "", answer.url);
    put(target, part, fresh);
    return answer.ok;
  } catch (error) {
    if (error.name !== "AbortError") say(prefs.failed ?? "");
    return false;
  } finally {
    if (running.get(id) === control) {
      running.delete(id);
      document.getElementById(id)?.removeAttribute("aria-busy");
    }
  }
}

function put(target, part, fresh) {
  const focused = target.contains(document.activeElement) ? document.activeElement : null;
  const focusId = focused?.id, place = focused && "selectionStart" in focused ? focused.selectionStart : null;
  const typed = focused?.type === "search" ? focused.value : null;
  const open = [...target.querySelectorAll("details[open][id]")].map((one) => one.id);
  document.title = fresh.title || document.title;
  if (target.className !== part.className && part.className) target.className = part.className;
  if (part.dataset.live !== undefined) target.dataset.live = part.dataset.live; else if (target.id === "page") delete target.dataset.live;
  target.replaceChildren(...part.childNodes);
  open.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
  document.querySelectorAll(".menu a").forEach((link) => {
    const same = fresh.querySelector(`.menu a[href="${CSS.escape(link.getAttribute("href"))}"]`);
    if (same?.hasAttribute("aria-current")) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  });
  const again = focusId && document.getElementById(focusId);
  if (again) {
    again.focus({ preventScroll: true });
    if (typed !== null) again.value = typed;
    if (place !== null) try { again.setSelectionRange(place, place); } catch { /* not a text field */ }
  } else if (focused) {
    const first = target.querySelector("[data-focus]");
    (first ?? target).focus({ preventScroll: true });
  }
  const notice = target.querySelector(".notice");
  if (notice) say(notice.textContent.trim().replace(/\s+/g, " "));
  target.dispatchEvent(new CustomEvent("portal:swapped", { bubbles: true }));
}

// Ask for this very page again and change only what carries data-fresh: lists and states, never what is typed.
export async function refresh() {
  const regions = [...document.querySelectorAll("[data-fresh][id]")];
  if (!regions.length) return;
  const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of regions) {
    const part = fresh.getElementById(region.id);
    if (!part || !document.contains(region) || busy(region)) continue;
    if (text(part) === text(region)) continue;
    const chosen = [...region.querySelectorAll("[data-choose]:checked")].map((one) => one.id);
    put(region, part, fresh);
    chosen.forEach((id) => { const one = document.getElementById(id); if (one) one.checked = true; });
    if (chosen.length) region.dispatchEvent(new CustomEvent("portal:swapped", { bubbles: true }));
    region.setAttribute("data-fresh", "");
  }
}

// Ids and tokens differ from load to load; what a person sees is what counts.
function text(node) { return node.textContent.replace(/\s+/g, " ").trim(); }

// Nothing is taken away from somebody who is typing or choosing.
function busy(region) {
  const active = document.activeElement;
  return region.contains(active) && active.matches("input:not([type=search]), textarea, select") || region.querySelector("details[open] form, dialog[open]");
}
