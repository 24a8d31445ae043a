// What every page does: sign in and out, copy, fetch itself anew. Nothing here is needed to read a page.

const element = (id) => document.getElementById(id);

// Whatever access one has is this tab's: it is gone when the tab is closed, and no other page can read it.
const key = () => sessionStorage.getItem("key") || "";

export const root = document.body.dataset.root;
export const sent = (headers) => ({ ...headers, ...(key() && { Authorization: `Bearer ${key()}` }) });

export function say(text) {
  element("said").textContent = text;
}

// --- a page in the place of this one

// The page at an address as a document, and the address that it was sent on to.
export async function load(address, signal) {
  const answer = await fetch(address, { headers: sent({ Accept: "text/html" }), signal, cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.getElementById("main")) throw new Error("no page of ours");
  return { page, address: answer.url };
}

// Parts of a page in the place of this one's. What was open and where the focus was stays so.
export function swap(page, parts = ["top", "main"]) {
  const open = [...document.querySelectorAll("details[id][open]")].map((one) => one.id);
  const focused = document.activeElement.id;
  const left = document.querySelector(".rows")?.scrollLeft;
  document.title = page.title;
  document.body.toggleAttribute("data-stranger", page.body.hasAttribute("data-stranger"));
  for (const id of parts) element(id).replaceWith(page.getElementById(id));
  for (const one of open.map(element)) if (one) one.open = true;
  if (left) document.querySelector(".rows")?.scrollTo({ left });
  if (focused && document.activeElement.id !== focused) (element(focused) ?? element("main")).focus({ preventScroll: true });
  usable();
}

function usable() {
  for (const one of document.querySelectorAll("button[hidden], form[hidden]")) one.hidden = false;
  if (element("sign-in")) element("sign-in").hidden = false;
  document.dispatchEvent(new Event("shown"));
}

// --- signing in

const stranger = () => document.body.hasAttribute("data-stranger");

// What the page shows to whom this tab is known as.
async function enter(otherwise) {
  swap((await load(location.href)).page);
  if (!stranger()) return;
  sessionStorage.removeItem("key");
  element("sign-in").querySelector(".fault").textContent = otherwise;
}

const ways = {
  key: async (form) => sessionStorage.setItem("key", form.get("key").trim()) ?? "Nobody has this key.",
  password: async (form) => {
    const body = JSON.stringify({ email: form.get("email"), password: form.get("password") });
    const headers = { "Content-Type": "application/json" };
    const answer = await (await fetch(`${root}/login`, { method: "POST", headers, body })).json();
    sessionStorage.setItem("key", answer.accessToken ?? "");
    return answer.message;
  },
};

async function signIn(form) {
  try {
    await enter(await ways[form.dataset.signIn](new FormData(form)));
  } catch {
    form.closest("section").querySelector(".fault").textContent = "The server does not answer.";
  }
}

async function signOut() {
  await fetch(`${root}/logout`, { method: "POST", headers: sent() }).catch(() => null);
  sessionStorage.removeItem("key");
  location.reload();
}

// --- copying

async function copy(button) {
  const text = button.dataset.copy || button.parentElement.querySelector("pre").textContent;
  const said = (await clipboard(text)) ? "Copied" : "Not copied";
  say(said);
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

// --- changes of others

const RETRY = 1500; // milliseconds
let changed = null; // what is called when something has come
let stream = null; // of changes, while somebody looks who may

export function follow(whenChanged) {
  changed = whenChanged;
  listen();
}

async function listen() {
  const away = document.querySelector("[data-outage]:not([hidden])");
  if (!changed || stream || away || document.hidden || !("live" in element("main").dataset)) return;
  stream = new AbortController();
  try {
    const headers = sent({ Accept: "text/event-stream" });
    const answer = await fetch(`${root}/changes?_since=now`, { headers, signal: stream.signal, cache: "no-store" });
    element("live").hidden = !answer.ok;
    if (answer.ok) await told(answer.body.getReader());
  } catch {
    // Given up by us, or torn: it begins anew.
  }
  element("live").hidden = true;
  setTimeout(() => { stream = null; listen(); }, RETRY);
}

async function told(reader) {
  for (changed(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    if (value.includes(123)) changed(); // "{": a change, and no heartbeat
  }
}

// A page that has nothing to show looks again; the one at /-about does so itself.
async function retry() {
  const away = document.querySelector("body:not(.home) [data-outage]");
  const found = away && !document.hidden && (await load(location.href).catch(() => null));
  if (found) swap(found.page);
}
setInterval(retry, 2 * RETRY);

document.addEventListener("visibilitychange", () => (document.hidden ? stream?.abort() : listen()));
document.addEventListener("shown", listen);

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && "copy" in button.dataset) copy(button);
  if (button && "signOut" in button.dataset) signOut();
});
document.addEventListener("submit", (event) => {
  if (!event.target.dataset.signIn) return;
  event.preventDefault();
  signIn(event.target);
});
if (stranger() && key()) enter("You are no longer signed in.").catch(usable);
else usable();
