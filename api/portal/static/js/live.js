// One line from the server while the page is looked at. A change asks for the page again, at most every two
// seconds, and only where something to refresh is shown.
import { refresh } from "./swap.js";

const EVERY_MS = 2000;
let source, address, last = 0, coming;

export function startLive() {
  connect();
  document.addEventListener("portal:swapped", connect);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = address = undefined; } else { const was = address; connect(); if (!was && source) soon(); }
  });
  window.addEventListener("pagehide", () => source?.close());
}

function connect() {
  const { live: wanted, drawn } = document.getElementById("page")?.dataset ?? {};
  if (wanted === address) return;
  source?.close();
  address = wanted;
  source = undefined;
  if (!wanted || document.hidden) { address = undefined; return; }
  source = new EventSource(`${wanted}&drawn=${drawn ?? ""}`);  // what came since then is told at once
  source.addEventListener("changed", soon);
}

function soon() {
  if (coming) return;
  coming = setTimeout(async () => {
    coming = undefined;
    last = Date.now();
    await refresh().catch(() => {});
  }, Math.max(200, last + EVERY_MS - Date.now()));
}
