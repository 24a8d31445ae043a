const now = () => document.getElementById("now");
async function look() {
  const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  page.getElementById("said").textContent = document.getElementById("said").textContent;
  now().replaceWith(page.getElementById("now"));
  document.title = page.title;
}
document.addEventListener("click", async ({ target }) => {
  const stage = target.dataset.stage;
  if (!stage) return;
  const share = stage === "ramp" ? prompt("How many per cent of the clients?", "10") : undefined;
  if (share === null || !(stage === "ramp" || confirm(`Go to ${stage}?`))) return;
  const said = await put({ stage, share });
  document.getElementById("said").textContent = said; // of now: the page has been replaced meanwhile
  look();
});
async function put(wanted) {
  const body = JSON.stringify(wanted);
  const answer = await fetch("/stage", { method: "PUT", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
  const said = await answer?.json();
  if (!said) return "The cutover does not answer.";
  return answer.ok ? `Stage ${said.stage}.` : said.detail;
}
setInterval(look, 1000);
