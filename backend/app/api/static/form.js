// Adding and editing a record. What is wrong with it is the server's to say; who was faster is shown beside what one has.

import { say, sent } from "./site.js";

const JSON_TYPE = { "Content-Type": "application/json" };
const element = (id) => document.getElementById(id);
const controls = () => [...element("form").querySelectorAll("[data-kind]")];

let editing = null; // { address, record, tag, done }: what is edited, as it was read

// --- values and what stands in a control

const shown = (value) => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

function others(record) {
  const named = new Set(controls().map((one) => one.name));
  return Object.fromEntries(Object.entries(record).filter(([name]) => !named.has(name)));
}

function valueIn(record, control) {
  if (control.dataset.kind !== "others") return shown(record[control.name]);
  const rest = others(record);
  return Object.keys(rest).length ? JSON.stringify(rest) : "";
}

// What a control says as JSON. Numbers, truths and days go as the text that a form has; the server reads them.
function said({ value, dataset: { kind, optional } }) {
  if (value === "" && optional !== undefined) return null;
  return kind === "any JSON value" || kind === "others" ? JSON.parse(value || "{}") : value;
}

// Of each control that differs from what was read, its name and value. Throws what has no JSON in it.
function changes() {
  const body = {};
  for (const control of controls()) {
    if (control.closest("[hidden]") || control.value === valueIn(editing.record, control)) continue;
    try {
      const value = said(control);
      Object.assign(body, control.dataset.kind === "others" ? value : { [control.name]: value });
    } catch {
      throw { errors: { [control.name]: "must be JSON" }, message: "" };
    }
  }
  return body;
}

// --- opening and saving

export async function open(title, address, done) {
  const answer = address.one ? await fetch(address.one, { headers: sent(), cache: "no-store" }) : null;
  if (answer && !answer.ok) return say((await answer.json()).message);
  editing = { address, record: answer ? await answer.json() : {}, tag: answer?.headers.get("ETag"), done };
  element("form-title").textContent = title;
  for (const one of element("form").querySelectorAll("[data-new]")) one.hidden = Boolean(answer);
  for (const control of controls()) control.value = valueIn(editing.record, control);
  told({ errors: {}, message: "" });
  theirs(editing.record);
  element("form").showModal();
}

async function save() {
  try {
    const body = JSON.stringify(changes());
    const [method, address] = editing.tag ? ["PATCH", editing.address.one] : ["POST", editing.address.all];
    const headers = sent({ ...JSON_TYPE, ...(editing.tag && { "If-Match": editing.tag }) });
    const answer = await fetch(address, { method, headers, body });
    const found = await answer.json();
    if (answer.status === 412) return await beside();
    if (!answer.ok) throw found;
    element("form").close();
    editing.done(found);
  } catch (fault) {
    told(fault.errors ? fault : { errors: {}, message: "The server does not answer. Whether this was saved is not known." });
  }
}

// Somebody was faster: what is there now stands beside what one has, and what one saves then goes over it.
async function beside() {
  const answer = await fetch(editing.address.one, { headers: sent(), cache: "no-store" });
  const record = await answer.json();
  if (!answer.ok) return told({ errors: {}, message: record.message });
  const untouched = controls().filter((one) => one.value === valueIn(editing.record, one));
  Object.assign(editing, { record, tag: answer.headers.get("ETag") });
  for (const control of untouched) control.value = valueIn(record, control);
  theirs(record);
  told({ errors: {}, message: "Somebody has changed this meanwhile. Both are shown: Save keeps yours." });
}

function theirs(record) {
  for (const control of controls()) {
    const place = control.closest(".field").querySelector(".theirs");
    place.hidden = control.value === valueIn(record, control);
    place.querySelector("output").textContent = valueIn(record, control) || "nothing";
  }
}

function told({ errors, message }) {
  const beside = new Set();
  for (const control of controls()) {
    const fault = errors[control.name] ?? "";
    control.closest(".field").querySelector(".fault").textContent = fault;
    control.toggleAttribute("aria-invalid", Boolean(fault));
    if (fault) beside.add(control.name);
  }
  const rest = Object.keys(errors).every((name) => beside.has(name));
  element("form-fault").textContent = rest && beside.size ? "" : message;
  element("form").querySelector("[aria-invalid]")?.focus();
}

document.addEventListener("click", ({ target }) => {
  if (target.matches("[data-close]")) element("form").close();
  if (!target.matches("[data-take]")) return;
  const field = target.closest(".field");
  const control = field.querySelector("[data-kind]");
  control.value = valueIn(editing.record, control);
  field.querySelector(".theirs").hidden = true;
  control.focus();
});
document.addEventListener("submit", (event) => {
  if (!event.target.closest("#form")) return;
  event.preventDefault();
  save();
});
