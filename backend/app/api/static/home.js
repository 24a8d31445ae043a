// Runs the links in place, and keeps counts and status true. Nothing here is needed to read the page.

import { follow, root, say, sent } from "./site.js";

const SHOWN_HEADERS = ["content-type", "x-total-count", "link", "etag", "retry-after", "x-request-id"];
const REFRESHED = 3000; // milliseconds between two looks at the server, while somebody looks at the page
const GATHERED = 100; // milliseconds in which changes are counted together
const SHOWN_BYTES = 64 * 1024; // of a body; the rest is not even fetched

const element = (id) => document.getElementById(id);

async function refresh() {
  let summary = null;
  try {
    const response = await fetch(`${root}/`, { headers: sent({ Accept: "application/json" }) });
    summary = await response.json();
  } catch {
    // Reported below: the server does not answer.
  }
  const state = summary ? summary.database : "silent";
  const detail = (summary && summary.detail) || "";
  element("status").className = state;
  write("status", element("status").dataset[state]);
  element("fault").hidden = detail === "";
  write("fault", detail);
  const counts = summary ? summary.resources.map((resource) => resource.count) : [];
  document.querySelectorAll("[id^=count-]").forEach((place, index) => {
    write(place.id, (counts[index] ?? "?").toLocaleString("en"));
  });
  document.dispatchEvent(new Event("shown"));
}

let gathered = 0;
follow(() => {
  clearTimeout(gathered);
  gathered = setTimeout(refresh, GATHERED);
});

async function look() {
  if (!document.hidden) await refresh();
  setTimeout(look, REFRESHED);
}

// Only what differs: a live region says again whatever is written into it.
function write(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

async function run(button) {
  const row = button.closest("li");
  button.setAttribute("aria-disabled", "true");
  const answer = await ask(row.querySelector("a").href);
  button.removeAttribute("aria-disabled");
  show(row, answer);
  say(answer.line);
  refresh();
}

async function ask(address) {
  const begin = performance.now();
  try {
    const response = await fetch(address, { headers: sent({ Accept: "application/json" }), cache: "no-store" });
    const body = await firstBytes(response);
    const line = `${response.status} ${response.statusText} · ${Math.round(performance.now() - begin)} ms`;
    const headers = SHOWN_HEADERS.filter((name) => response.headers.has(name)).map((name) => [name, response.headers.get(name)]);
    return { ok: response.ok, line, headers, body };
  } catch {
    return { ok: false, line: "No answer: the server cannot be reached.", headers: [], body: "" };
  }
}

async function firstBytes(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.length < SHOWN_BYTES) {
    const { done, value } = await reader.read();
    if (done) return indented(text + decoder.decode());
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel();
  return `${text.slice(0, SHOWN_BYTES)}\n… the rest is not shown`;
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function show(row, answer) {
  if (!row.querySelector(".answer")) row.append(element("answer").content.cloneNode(true));
  const summary = row.querySelector(".answer summary");
  summary.textContent = answer.line;
  summary.className = answer.ok ? "" : "failed";
  row.querySelector(".answer dl").replaceChildren(...answer.headers.flatMap(([name, value]) => [cell("dt", name), cell("dd", value)]));
  row.querySelector(".answer pre").hidden = answer.body === "";
  row.querySelector(".answer code").textContent = answer.body;
  row.querySelector(".answer").open = true;
}

function cell(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && "run" in button.dataset && !button.getAttribute("aria-disabled")) run(button);
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
addEventListener("focus", refresh);
setTimeout(look, REFRESHED);
