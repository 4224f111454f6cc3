// A document to read: the focused field's box, and the field of a box.
import { Viewer, besides } from "./viewer.js";

besides(new Viewer(document.querySelector("[data-viewer]")), document.getElementById("vform"));
// An address may name a field: #field-total.
if (location.hash.startsWith("#field-")) document.getElementById(location.hash.slice(1))?.focus();
