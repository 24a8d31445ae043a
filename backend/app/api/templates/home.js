"use strict";
// Nothing here is needed to read the page: it copies, runs the links in place, and keeps count and status true.

const SHOWN_HEADERS = ["content-type", "x-total-count", "link", "etag", "retry-after", "x-request-id"];
const REFRESHED = 3000; // milliseconds between two looks at the server, while somebody looks at the page
const GATHERED = 100; // milliseconds in which changes are counted together
const SHOWN_BYTES = 64 * 1024; // of a body; the rest is not even fetched

const element = (id) => document.getElementById(id);

// The key is this tab's: it is gone when the tab is closed, and no other page can read it.
const key = () => sessionStorage.getItem("key") || "";
const sent = () => ({ Accept: "application/json", ...(key() && { Authorization: `Bearer ${key()}` }) });

async function refresh() {
  let summary = null;
  try {
    const response = await fetch(document.body.dataset.home, { headers: sent() });
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
  if (summary && element("known")) write("known", known(summary.actor));
  const counts = summary ? summary.resources.map((resource) => resource.count) : [];
  document.querySelectorAll("[id^=count-]").forEach((place, index) => {
    write(place.id, (counts[index] ?? "?").toLocaleString("en"));
  });
  if (counts.length && !counts.includes(null) && !document.hidden) watch();
}

let stream = null; // of changes, while somebody looks who may

// The counts follow the changes. Nothing else does: looking every few seconds goes on.
async function watch() {
  if (stream) return;
  const { signal } = (stream = new AbortController());
  try {
    const headers = { ...sent(), Accept: "text/event-stream" };
    const response = await fetch(`${document.body.dataset.home}changes?_since=now`, { headers, signal, cache: "no-store" });
    element("live").hidden = !response.ok;
    if (response.ok) await counted(response.body.getReader());
  } catch {
    // Given up by us, or torn: the next look begins anew.
  }
  element("live").hidden = true;
  setTimeout(() => { stream = null; }, REFRESHED / 2);
}

async function counted(reader) {
  for (let later = setTimeout(refresh); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!value.includes(123)) continue; // "{": a change, and no heartbeat
    clearTimeout(later);
    later = setTimeout(refresh, GATHERED);
  }
}

function known(actor) {
  const words = element("known").dataset;
  return actor ? `${words.known} ${actor}` : key() && words.unknown;
}

async function follow() {
  if (!document.hidden) await refresh();
  setTimeout(follow, REFRESHED);
}

// Only what differs: a live region says again whatever is written into it.
function write(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

async function copy(button) {
  const text = button.dataset.copy || button.parentElement.querySelector("pre").textContent;
  const said = (await clipboard(text)) ? "Copied" : "Not copied";
  element("said").textContent = said;
  button.textContent = said;
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

// Plain http from another machine has no navigator.clipboard; the old way still works there.
async function clipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused.focus();
  return copied;
}

async function run(button) {
  const row = button.closest("li");
  button.setAttribute("aria-disabled", "true");
  const answer = await ask(row.querySelector("a").href);
  button.removeAttribute("aria-disabled");
  show(row, answer);
  element("said").textContent = answer.line;
  refresh();
}

async function ask(address) {
  const begin = performance.now();
  try {
    const response = await fetch(address, { headers: sent(), cache: "no-store" });
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
  if (!button || button.getAttribute("aria-disabled")) return;
  if ("run" in button.dataset) run(button);
  if ("copy" in button.dataset) copy(button);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", element("key").value.trim());
  element("key").value = "";
  stream?.abort();
  refresh();
});
document.addEventListener("visibilitychange", () => (document.hidden ? stream?.abort() : refresh()));
addEventListener("focus", refresh);
setTimeout(follow, REFRESHED);
for (const usable of document.querySelectorAll("button[hidden], form[hidden]")) usable.hidden = false;
refresh();
