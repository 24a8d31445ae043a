// One record: edit it, delete it, bring back how it was. It follows what others do to it.

import { open } from "./form.js";
import { follow, load, say, sent, swap } from "./site.js";

const element = (id) => document.getElementById(id);
const address = () => element("results").dataset.address;

async function shown(text) {
  swap((await load(location.href)).page);
  say(text);
}

async function remove() {
  const answer = await fetch(address(), { method: "DELETE", headers: sent() });
  if (!answer.ok) return shownFault(await answer.json());
  if ("past" in element("results").dataset) return shown("Deleted.");
  location.assign(element("results").dataset.all);
}

async function restore(version) {
  const headers = sent({ "Content-Type": "application/json" });
  const answer = await fetch(`${address()}/history`, { method: "POST", headers, body: JSON.stringify({ version }) });
  if (!answer.ok) return shownFault(await answer.json());
  await shown("It is as it was.");
}

function shownFault({ message }) {
  element("fault").textContent = message;
}

follow(async () => {
  if (element("form")?.open) return;
  const found = await load(location.href).catch(() => null);
  if (found?.page.getElementById("results")) swap(found.page, ["results"]);
});

document.addEventListener("click", ({ target }) => {
  if (target.matches("[data-edit]")) open(document.querySelector("h1").textContent, { one: address() }, () => shown("Saved."));
  if (target.matches("[data-delete]")) remove();
  if (target.matches("[data-restore]")) restore(Number(target.dataset.restore));
});
