// The page of a document: pages, zoom, rotation, boxes and drawing. Boxes are fractions of the page, so they stay
// where they are at any zoom, and turn with it.
export class Viewer {
  constructor(node) {
    this.node = node;
    this.document = node.dataset.document;
    this.pages = Number(node.dataset.pages) || 1;
    this.room = node.querySelector(".viewer-room");
    this.stage = node.querySelector(".viewer-stage");
    this.image = node.querySelector("img");
    this.sheet = node.querySelector("[data-paper]");
    this.at = 1; this.zoom = 1; this.turned = 0; this.boxes = []; this.drawing = false;
    this.onPick = this.onDraw = this.onPoint = () => {};
    if (this.sheet) { this.readSheet(); return; }
    this.image.addEventListener("load", () => this.place());
    const failed = () => { this.stage.hidden = true; node.querySelector(".viewer-none").hidden = false; };
    this.image.addEventListener("error", failed);
    if (this.image.complete && !this.image.naturalWidth) failed();
    node.addEventListener("click", (event) => {
      const what = event.target.closest("[data-view]")?.dataset.view;
      if (what) this.act(what);
    });
    this.watchDrawing();
    new ResizeObserver(() => this.place()).observe(this.room);
  }

  // Data drawn as a page: its places are parts of the page itself, named by the field they hold.
  readSheet() {
    this.node.addEventListener("click", (event) => {
      const what = event.target.closest("[data-view]")?.dataset.view, place = event.target.closest("[data-says]");
      if (what) this.act(what);
      if (place) this.onPick(place.dataset.says);
    });
  }

  says(name, look) {
    let found = null;
    this.sheet.querySelectorAll("[data-says]").forEach((one) => {
      const meant = one.dataset.says === name;
      one.classList.toggle(look, meant);
      if (meant) found ??= one;
    });
    return found;
  }

  act(what) {
    if (what === "prev") this.show(this.at - 1);
    if (what === "next") this.show(this.at + 1);
    if (what === "in") this.scale(this.zoom * 1.25);
    if (what === "out") this.scale(this.zoom / 1.25);
    if (what === "fit") this.scale(1);
    if (what === "turn") { this.turned = (this.turned + 90) % 360; this.place(); }
    if (what === "draw") this.draw(!this.drawing);
  }

  show(page) {
    if (page < 1 || page > this.pages || page === this.at) return;
    this.at = page;
    this.image.src = `/v1/documents/${this.document}/pages/${page}`;
    this.image.alt = this.node.dataset.alt.replace("%n", page);
    const at = this.node.querySelector("[data-view=at]");
    if (at) at.textContent = this.node.dataset.pageText.replace("%n", page);
    this.mark();
  }

  scale(zoom) { this.zoom = Math.min(5, Math.max(.4, zoom)); this.place(); }

  // Width by zoom; a page on its side gets as much room as it then takes.
  place() {
    if (this.sheet) { this.sheet.style.fontSize = `${.8125 * this.zoom}rem`; return; }
    const room = this.room.clientWidth - 24, ratio = this.image.naturalHeight / this.image.naturalWidth || 1.414;
    const width = room * this.zoom;
    const side = this.turned % 180 !== 0;
    const base = side ? width / ratio : width;
    this.stage.style.width = `${base}px`;
    this.stage.style.transform = this.turned ? `rotate(${this.turned}deg)` : "";
    const shift = side ? (width - base) / 2 : 0;
    this.stage.style.margin = side ? `${shift * (base / width) - (base * ratio - base) / 2 + (width - base) / 2 * 0}px ${Math.max(0, (width - base) / 2)}px` : "";
  }

  setBoxes(boxes) { this.boxes = boxes; this.mark(); }

  mark() {
    if (this.sheet) return;
    this.stage.querySelectorAll(".box:not(.drawn)").forEach((one) => one.remove());
    for (const one of this.boxes) {
      if (one.page !== this.at) continue;
      const box = document.createElement("div");
      box.className = `box ${one.state}${one.now ? " now" : ""}${one.near ? " near" : ""}`;
      box.title = one.title;
      box.addEventListener("click", (event) => { event.stopPropagation(); this.onPick(one.name); });
      set(box, one.box);
      this.stage.append(box);
    }
  }

  // Bring a box into view on its page and make it the one that is meant.
  focus(name, place) {
    if (this.sheet) { this.says(name, "now")?.scrollIntoView({ block: "nearest" }); return; }
    for (const one of this.boxes) one.now = one.name === name;
    if (place) {
      const known = this.boxes.find((one) => one.name === name);
      if (known) { known.page = place.page; known.box = place.box; } else this.boxes.push({ ...place, name, now: true, state: "", title: "" });
    }
    const meant = this.boxes.find((one) => one.now);
    if (meant && meant.page !== this.at) this.show(meant.page); else this.mark();
    const node = this.stage.querySelector(".box.now");
    if (!node) return;
    const box = node.getBoundingClientRect(), room = this.room.getBoundingClientRect();
    if (box.top < room.top + 20 || box.bottom > room.bottom - 20) this.room.scrollTop += box.top - room.top - room.height / 3;
    if (box.left < room.left || box.right > room.right) this.room.scrollLeft += box.left - room.left - room.width / 3;
  }

  // The box of what somebody points at in the list, where it is on the page that is shown. Nothing moves.
  hint(name) {
    if (this.hinted === name) return;
    this.hinted = name;
    if (this.sheet) { this.says(name, "near"); return; }
    for (const one of this.boxes) one.near = Boolean(name) && one.name === name;
    this.mark();
  }

  draw(on) {
    this.drawing = on;
    this.node.classList.toggle("drawing", on);
    this.node.querySelector("[data-view=draw]")?.setAttribute("aria-pressed", String(on));
  }

  // Where on the page a pointer is, as fractions, whichever way the page is turned.
  point(event) {
    const rect = this.stage.getBoundingClientRect();
    const x = (event.clientX - rect.left) / rect.width, y = (event.clientY - rect.top) / rect.height;
    const turned = { 0: [x, y], 90: [y, 1 - x], 180: [1 - x, 1 - y], 270: [1 - y, x] }[this.turned];
    return turned.map((edge) => Math.min(1, Math.max(0, edge)));
  }

  watchDrawing() {
    let from, rect;
    this.stage.addEventListener("pointerdown", (event) => {
      if (!this.drawing || event.button) return;
      event.preventDefault();
      from = this.point(event);
      this.stage.setPointerCapture(event.pointerId);
      this.stage.querySelector(".box.drawn")?.remove();
      rect = document.createElement("div");
      rect.className = "box drawn";
      this.stage.append(rect);
    });
    this.stage.addEventListener("pointermove", (event) => { if (from) set(rect, span(from, this.point(event))); });
    this.stage.addEventListener("pointerup", (event) => {
      // A box leads to its field (its own click says so); any other place of the page is a word that is pointed at.
      if (!from) { if (!event.target.closest(".box")) this.onPoint(this.point(event), event.shiftKey); return; }
      const box = span(from, this.point(event));
      from = undefined;
      this.draw(false);
      setTimeout(() => rect.remove(), 900);
      if (box[2] - box[0] > .004 && box[3] - box[1] > .003) this.onDraw(this.at, box);
    });
  }
}

const span = (one, two) => [Math.min(one[0], two[0]), Math.min(one[1], two[1]), Math.max(one[0], two[0]), Math.max(one[1], two[1])];

function set(node, box) {
  node.style.left = `${box[0] * 100}%`;
  node.style.top = `${box[1] * 100}%`;
  node.style.width = `${(box[2] - box[0]) * 100}%`;
  node.style.height = `${(box[3] - box[1]) * 100}%`;
}

// The fields of a form, or the rows of a list, beside the page: focus goes both ways, a row that is pointed at shows its
// box. With ``fill`` a drawn box and a pointed word go into the field.
export function besides(viewer, form, fill) {
  const inputs = [...form.querySelectorAll("[data-name][data-box]")];
  let active = null, words = null;
  viewer.setBoxes(inputs.filter((one) => one.dataset.box).map((one) => ({
    name: one.dataset.name, page: Number(one.dataset.page) || 1, box: one.dataset.box.split(",").map(Number),
    state: one.closest("[data-state]")?.dataset.state ?? "", title: one.dataset.title ?? one.labels?.[0]?.textContent.trim() ?? "", now: false,
  })));
  const named = (node) => node.closest?.("[data-name][data-box]");
  form.addEventListener("focusin", (event) => {
    const meant = named(event.target);
    if (!meant) return;
    active = meant;
    viewer.focus(active.dataset.name);
  });
  form.addEventListener("pointerover", (event) => viewer.hint((named(event.target) ?? event.target.closest?.(".vfield")?.querySelector("[data-name][data-box]"))?.dataset.name));
  form.addEventListener("pointerleave", () => viewer.hint());
  viewer.onPick = (name) => {
    const input = inputs.find((one) => one.dataset.name === name);
    const closed = input?.closest("details:not([open])");
    if (closed) closed.open = true;
    input?.focus();
    input?.select?.();
  };
  if (!fill) return inputs;
  viewer.onDraw = async (page, box) => {
    const target = active ?? inputs[0];
    const said = document.getElementById("said");
    said.textContent = form.dataset.reading;
    const query = new URLSearchParams({ page, box: box.map((edge) => edge.toFixed(4)).join(",") });
    const text = await fetch(`/v1/documents/${viewer.document}/region?${query}`, { credentials: "same-origin" })
      .then(async (answer) => answer.ok ? (await answer.json()).text.trim() : "")
      .catch(() => ""); // offline: it says so instead of reading for ever
    said.textContent = text || form.dataset.nothing;
    if (text) fill(target, text.replace(/\s+/g, " "), { page, box });
    back(target, text ? { page, box } : undefined);
  };
  // Whoever went on to another field while the answer was on its way stays there.
  const back = (target, place) => {
    if (active && active !== target) return;
    target.focus();
    if (place) viewer.focus(target.dataset.name, place);
  };
  // A word under the pointer goes into the field one is in; the words are asked for when they are first needed.
  viewer.onPoint = async (point, more) => {
    const target = active, page = viewer.at;
    if (!target) return;
    words ??= fetch(`/v1/documents/${viewer.document}/reading`, { credentials: "same-origin" })
      .then(async (answer) => answer.ok ? (await answer.json()).words : null)
      .catch(() => null);
    const asked = words, known = await asked;
    if (known === null && words === asked) words = null; // the next word pointed at asks again
    const hit = (known ?? []).find((one) => one.page === page && one.box[0] <= point[0] && point[0] <= one.box[2] && one.box[1] - .004 <= point[1] && point[1] <= one.box[3] + .004);
    if (!hit) { back(target); return; }
    const before = more && target.value ? `${target.value} ` : "";
    fill(target, before + hit.text, { page: hit.page, box: hit.box });
    back(target, { page: hit.page, box: hit.box });
  };
  return inputs;
}
