// Sends a file, asks how far it is, and shows what became of it. The server decides; this only tells.
import { root, say, sent } from "./site.js";

const ASKED = 700; // milliseconds between two questions
const FAULTS = 100; // that are listed
const OVER = ["done", "failed", "cancelled", "lost"];
const WORDS = { receiving: "Sending", reading: "Reading and checking", settling: "Writing", verifying: "Comparing" };
const NO_ANSWER = "The server does not answer, or did not take all of the file. Choose it again.";

const element = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const counted = (value) => `${number(value)} ${value === 1 ? "record" : "records"}`;

let file = null;
let job = null; // the last one that was shown
let sending = null; // the request that takes the file there

// --- what is asked

async function ask(path, method = "GET") {
  const answer = await fetch(root + path, { method, headers: sent({ Accept: "application/json" }), cache: "no-store" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
}

// By XMLHttpRequest, which says how much has gone.
function send(query) {
  const request = (sending = new XMLHttpRequest());
  return new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => progress({ state: "receiving", done: event.loaded, total: event.total });
    request.onload = () => {
      const told = JSON.parse(request.responseText);
      if (request.status === 202) resolve(told);
      else reject(new Error(told.message));
    };
    request.onerror = () => reject(new Error(NO_ANSWER));
    request.onabort = () => reject(new Error("Cancelled. Nothing was changed."));
    request.open("POST", `${root}/imports?${query}`);
    for (const [name, value] of Object.entries(sent({ "Content-Type": "application/json" }))) {
      request.setRequestHeader(name, value);
    }
    request.send(file);
  });
}

async function over(begun) {
  for (job = begun; !OVER.includes(job.state); ) {
    progress(job);
    await new Promise((resolve) => setTimeout(resolve, ASKED));
    job = await ask(`/imports/${job.id}`).catch(() => job); // the server may be away for a while: the job goes on or is lost
  }
  return job;
}

async function run(dryRun) {
  if (!file || !element("running").hidden) return;
  if (file.size > Number(element("choice").dataset.most)) return wrong("The file is larger than this server takes (IMPORT_MAX_BYTES).");
  await shown(async () => {
    const [last] = await ask("/imports");
    if (last && !OVER.includes(last.state)) throw new Error("Another import is under way. Wait until it is over.");
    return over(await send(new URLSearchParams({ dryRun, allOrNothing: element("all").checked })));
  });
}

async function shown(work) {
  begin();
  try {
    show(await work());
  } catch (error) {
    wrong(error.message || NO_ANSWER);
  } finally {
    sending = null;
    element("running").hidden = true;
    element("file").disabled = false;
  }
}

// --- what is seen

function begin() {
  element("outcome").hidden = true;
  element("running").hidden = false;
  element("file").disabled = true;
  element("wrong").textContent = "";
  progress({ state: "receiving", done: 0, total: file?.size ?? null });
}

function progress({ state, step, done, total, records }) {
  const words = state === "settling" && step ? step[0].toUpperCase() + step.slice(1) : WORDS[state];
  const share = total ? `, ${Math.floor((100 * done) / total)} %` : "";
  const text = `${words}${share}${records ? `, ${counted(records)}` : ""}`;
  if (element("step").textContent !== text) element("step").textContent = text;
  if (total) Object.assign(element("bar"), { max: total, value: done });
  else element("bar").removeAttribute("value");
}

function wrong(sentence) {
  element("wrong").textContent = sentence;
}

function show(told) {
  if (told.state !== "done") return wrong(told.detail);
  const { totals } = told.report;
  element("outcome").hidden = false;
  element("became").textContent = title(told, totals);
  for (const verdict of Object.keys(totals)) if (element(verdict)) element(verdict).textContent = number(totals[verdict]);
  element("remarks").replaceChildren(...remarks(told.report).map((text) => made("p", text)));
  const notIn = totals.rejected + totals.duplicate + totals.conflict - (told.report.held_back ?? 0);
  offer(told, totals, notIn);
  list(told.report.records, notIn, told.dryRun ? "would" : "did");
  say(element("became").textContent);
  element("became").focus();
}

function title(told, totals) {
  if (told.dryRun) return `Dry run of ${counted(totals.records)}: nothing was written`;
  return totals.migrated ? `${counted(totals.migrated)} written` : "Nothing was written";
}

function* said({ held_back: held, collections, warnings }) {
  if (held) yield `${counted(held)} are good, and held back because others are not.`;
  if (warnings.length) yield `With something to say of ${counted(warnings.length)}: the report has it.`;
  for (const one of collections) yield `Not imported: ${one.name} (${one.type}, ${counted(one.records)}): ${one.reason}`;
}

const remarks = (report) => [...said(report)];

function offer(told, totals, notIn) {
  const button = document.querySelector("[data-import]");
  button.hidden = !(told.dryRun && totals.migrated && file);
  button.textContent = notIn ? `Import the ${counted(totals.migrated).replace(" ", " good ")}` : `Import ${counted(totals.migrated)}`;
  document.querySelector("[data-file=rejects]").hidden = !totals.rejected || told.report.held_back > 0;
}

function list(entries, notIn, auxiliary) {
  const errors = entries.flatMap((entry) => entry.errors.filter((error) => error.code !== "held_back"));
  element("faults-title").textContent = notIn ? `Why ${counted(notIn)} ${auxiliary} not go in, in the file's order` : "";
  element("faults").replaceChildren(...errors.slice(0, FAULTS).map((error) => fault(error)));
}

function fault(error) {
  const item = made("li", "");
  const where = error.line ? `line ${number(error.line)}, column ${number(error.column)}` : error.pointer;
  item.append(made("span", where), ` ${error.message}`);
  return item;
}

function made(tag, text) {
  const one = document.createElement(tag);
  one.textContent = text;
  return one;
}

// --- what is done

function choose(chosen) {
  if (!chosen || !element("running").hidden) return;
  file = chosen;
  run(true);
}

// A key is sent in a header, so that a link alone would not do.
async function save(name) {
  const answer = await fetch(`${root}/imports/${job.id}/${name}`, { headers: sent() });
  if (!answer.ok) return wrong((await answer.json()).message);
  const link = made("a", "");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `${name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function cancel() {
  if (sending?.readyState < 4) sending.abort();
  else if (job) ask(`/imports/${job.id}`, "DELETE").catch((error) => wrong(error.message));
}

document.addEventListener("change", (event) => event.target.id === "file" && choose(event.target.files[0]));
document.addEventListener("click", (event) => {
  if (event.target.id === "file") event.target.value = ""; // the same one, mended, is a choice too
  const button = event.target.closest("button");
  if (!button) return;
  if ("import" in button.dataset) run(false);
  if ("cancel" in button.dataset) cancel();
  if ("file" in button.dataset) save(button.dataset.file);
});

const zone = (event) => event.target.closest?.(".drop");
document.addEventListener("dragover", (event) => {
  event.preventDefault(); // else a file that misses takes the place of the page
  zone(event)?.classList.add("over");
});
document.addEventListener("dragleave", (event) => zone(event)?.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.querySelector(".drop")?.classList.remove("over");
  if (!element("choice") || !element("running").hidden) return;
  element("file").files = event.dataTransfer.files;
  choose(element("file").files[0]);
});

// One that is under way already, as after this page was loaded anew, is followed to its end.
async function resume() {
  if (!element("choice") || !element("running").hidden) return;
  const [last] = await ask("/imports").catch(() => []);
  if (last && !OVER.includes(last.state) && element("running").hidden) shown(() => over(last));
}

document.addEventListener("shown", resume);
resume();
