// Judges a passage of the answer, or the words of it that are selected; pressed again, a verdict is taken back.
const given = new WeakMap();

// The name that was typed on the page for judging.
function judgeName() {
  try {
    return String(JSON.parse(localStorage.getItem("article-qa.judging"))?.who ?? "");
  } catch {
    return "";
  }
}

async function give(button, words) {
  const { asked, build } = button.closest("[data-asked]").dataset;
  const hit = button.closest(".passage")?.dataset.hit ?? "";
  const [start, end] = words ?? [];
  const who = judgeName();
  const { verdict } = button.dataset;
  const written = await called("judge_hit", { asked, build, hit, verdict, start, end, who, key: newKey() });
  if (written.problem) return say(written.problem);
  for (const other of button.parentElement.querySelectorAll(".verdict")) other.setAttribute("aria-pressed", String(other === button));
  given.set(button, { id: written.id, who });
  return say(`Written down${words ? ", with the words you selected" : ""}${who ? `, as ${who}` : ""}`);
}

async function takeBack(button) {
  const taken = await called("take_back_judgement", given.get(button));
  if (taken.problem) return say(taken.problem);
  button.setAttribute("aria-pressed", "false");
  return say("Taken back");
}

// Pressing a button would let go of the words that are selected.
results.addEventListener("mousedown", (event) => {
  if (event.target.closest(".verdict")) event.preventDefault();
});
results.addEventListener("click", ({ target }) => {
  const button = target.closest(".verdict");
  if (!button) return;
  const text = button.closest(".passage")?.querySelector(".text");
  if (button.getAttribute("aria-pressed") === "true" && given.has(button)) takeBack(button);
  else give(button, text && selectedWords(text));
});
