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
  const share = stage === "ramp" ? Number(prompt("How many per cent of the clients?", "10") ?? -1) : undefined;
  if (share < 0 || !(stage === "ramp" || confirm(`Go to ${stage}?`))) return;
  const body = JSON.stringify({ stage, share });
  const answer = await fetch("/stage", { method: "PUT", headers: { "Content-Type": "application/json" }, body });
  const said = await answer.json();
  document.getElementById("said").textContent = answer.ok ? `Stage ${said.stage}.` : said.detail;
  look();
});
setInterval(look, 1000);
