// Reports of evaluations: listed, opened, and made.
const listed = element.querySelector(".listed");
const shown = element.querySelector(".report");
const wrong = element.querySelector("#evaluation > .problem");
const evaluate = element.querySelector(".evaluate");

function sayWrong(problem = "") {
  wrong.hidden = !problem;
  wrong.textContent = problem;
}

async function listReports() {
  const { html, problem } = await called("list_reports");
  if (problem) sayWrong(problem);
  else listed.innerHTML = html;
}

async function openReport(name) {
  sayWrong();
  const { page, html, problem } = await called("open_report", { name });
  if (problem) {
    shown.hidden = true;
    sayWrong(problem);
    return;
  }
  const box = shown.querySelector(".shown");
  if (page === undefined) box.innerHTML = html;
  else {
    // No script of a report runs, and it is of no origin: it can do nothing here.
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "");
    frame.title = `Report ${name}`;
    frame.srcdoc = page;
    box.replaceChildren(frame);
  }
  for (const button of listed.querySelectorAll("[data-report]")) button.toggleAttribute("aria-current", button.dataset.report === name);
  shown.querySelector("h2").textContent = name;
  shown.hidden = false;
  shown.querySelector("h2").focus();
  // A report's own page fills the window, and is read there.
  box.querySelector("iframe")?.scrollIntoView();
}

listed.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-report]");
  if (button) openReport(button.dataset.report);
});

evaluate?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (following) return;
  sayWrong();
  told.replaceChildren();
  const fields = new FormData(evaluate);
  const { name, problem } = await called("evaluate", { gold: fields.get("gold"), systems: fields.getAll("system") });
  if (problem) sayWrong(problem);
  const ended = await followToReport();
  if (ended === "done" && name) await openReport(name);
});

async function followToReport() {
  const ended = await follow("Stopped: the answers so far are kept, and the same evaluation goes on from there.");
  await listReports();
  return ended;
}

listReports();
// An evaluation that goes on already.
if (evaluate) called("work_standing").then(({ state }) => state === "running" && followToReport());
