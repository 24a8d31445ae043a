// A table as one works with it: its other states are fetched and put in its place, as one types, too.

import { open } from "./form.js";
import { follow, load, say, swap } from "./site.js";

const TYPED = 150; // milliseconds without a key until it is looked for
const GATHERED = 300; // milliseconds in which changes of others come together

const element = (id) => document.getElementById(id);
const query = () => `${element("query").action}?${new URLSearchParams(new FormData(element("query")))}`;

let asked = new AbortController(); // what is under way: only the last counts
let later = 0;

// The page at an address; none if another has been asked for meanwhile.
async function ask(address) {
  asked.abort();
  clearTimeout(later);
  const { signal } = (asked = new AbortController());
  try {
    return await load(address, signal);
  } catch {
    if (!signal.aborted) say("The server does not answer.");
    return null;
  }
}

async function go(address, remember = "pushState") {
  const found = await ask(address);
  if (!found) return;
  history[remember](null, "", found.address);
  swap(found.page);
  say(element("count")?.textContent ?? "");
}

// The form stays as it is, with the cursor in it.
async function typed() {
  const found = await ask(query());
  if (!found) return;
  history.replaceState(null, "", found.address);
  swap(found.page, ["results"]);
  say(element("count").textContent);
}

// --- changes of others

const records = () => new Map([...document.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, row.textContent]));

async function refresh() {
  const [before, address] = [records(), location.href];
  const found = await load(address, asked.signal).catch(() => null);
  if (location.href !== address || !element("results") || !found?.page.getElementById("results")) return;
  swap(found.page, ["results"]);
  for (const [id, text] of records()) {
    if (before.get(id) !== text) document.querySelector(`[data-id="${CSS.escape(id)}"]`).classList.add("changed");
  }
}

let gathered = 0;
follow(() => {
  clearTimeout(gathered);
  gathered = setTimeout(refresh, GATHERED);
});

// --- what leads on

document.addEventListener("click", (event) => {
  const link = event.target.closest("#main a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.origin + link.pathname !== location.origin + location.pathname) return;
  event.preventDefault();
  go(link.href).then(() => link.closest(".pages") && element("results").scrollIntoView());
});
document.addEventListener("click", ({ target }) => {
  if (!target.matches("[data-add]")) return;
  open(target.textContent, { all: target.dataset.add }, (made) => location.assign(`${target.dataset.page}/${encodeURIComponent(made.id)}`));
});
document.addEventListener("input", (event) => {
  if (!event.target.matches("#query input")) return;
  clearTimeout(later);
  later = setTimeout(typed, TYPED);
});
document.addEventListener("change", (event) => {
  const row = event.target.closest("#query fieldset");
  if (row && (row.nextElementSibling?.matches("fieldset") || row.querySelector("input").value)) go(query());
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "query") return;
  event.preventDefault();
  go(query());
});
addEventListener("popstate", () => go(location.href, "replaceState"));
