// Shows how far long work is, and stops it. `server.work_standing` asks Python, `server.stop_work` tells it.
const working = element.querySelector(".working");
const told = element.querySelector(".lines");
let followed = 0;
let following = false;

// Tells what went wrong; with another kind, what is to be minded ("caution") or went well ("notice").
function tell(line, kind = "problem") {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = line;
  told.append(item);
}

function showWork({ stage, done = 0, total = 0, rest = "" }) {
  working.hidden = false;
  const heading = working.querySelector(".stage");
  // Said aloud only when it changes.
  if (heading.textContent !== stage) heading.textContent = stage;
  const bar = working.querySelector("progress");
  bar.setAttribute("aria-label", stage);
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
  working.querySelector(".rest").textContent = rest;
}

// Follows the work that goes on until it is over, and tells what came of it; returns how it ended.
async function follow(stopped) {
  if (following) return "";
  following = true;
  let standing;
  do {
    standing = await called("work_standing");
    followed = standing.number ?? 0;
    if (standing.state === "running") {
      showWork(standing);
      await pause(400);
    }
  } while (standing.state === "running");
  following = false;
  working.hidden = true;
  if (standing.problem) tell(standing.problem);
  if (standing.state === "stopped") tell(stopped, "caution");
  for (const [place, line] of (standing.lines ?? []).entries()) tell(line, standing.kinds[place]);
  return standing.state;
}

working.querySelector("[data-stop]").addEventListener("click", () => {
  working.querySelector(".stage").textContent = "Stopping …";
  if (following) called("stop_work", { number: followed });
});
