// Shows the passages of one question after another, and sends each verdict as it is given.
const begin = element.querySelector("#judge-begin");
const work = element.querySelector("#judge-work");
const pool = work.querySelector(".pool");
const problem = work.querySelector(".problem");
const told = element.querySelector("#judge-told");
const spoken = element.querySelector("#judge-spoken");
const STATE = "article-qa.judging";
const WORDS = { answers: "Answers it", partly: "Partly", no: "Does not", nothing: "Nothing here answers it" };

// What is judged, by whom, which question is open, the verdicts that can be undone, and those on their way: kept in this browser.
let state = { who: "", questions: [], at: 0, mine: [], unsent: [] };
let done = [];
let build = "";
let queue = Promise.resolve();
let opening = 0;
// By card: where the chosen words begin and end in its text.
const choices = new Map();

function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(STATE));
    if (Array.isArray(kept?.questions) && kept.questions.every(({ question }) => typeof question === "string")) {
      const listed = (value) => (Array.isArray(value) ? value : []);
      state = { ...state, ...kept, mine: listed(kept.mine), unsent: listed(kept.unsent) };
    }
  } catch {
    // Nothing is kept here: judging begins anew.
  }
}

function keep() {
  try {
    localStorage.setItem(STATE, JSON.stringify({ ...state, mine: state.mine.slice(-500) }));
  } catch {
    // Storage is full or forbidden: everything that was judged is written all the same.
  }
}

function tell(text, wrong = false) {
  told.hidden = !text;
  told.classList.toggle("wrong", wrong);
  told.textContent = text;
}

function complain(text) {
  problem.hidden = !text;
  problem.textContent = text ?? "";
}

// The list.

begin.addEventListener("submit", async (event) => {
  event.preventDefault();
  const found = await called("list_questions", { text: begin.questions.value });
  if (found.problem) return tell(found.problem, true);
  const same = JSON.stringify(found.questions) === JSON.stringify(state.questions);
  const who = begin.who.value.trim();
  // Whoever judges takes back only what is their own.
  const mine = who === state.who ? state.mine : [];
  state = { ...state, questions: found.questions, at: same ? state.at : 0, who, mine };
  await start();
});

begin.querySelector("[type=file]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (file) begin.questions.value = await file.text();
  target.value = "";
  begin.questions.focus();
});

function recentQuestions() {
  try {
    return [...new Set(JSON.parse(localStorage.getItem("article-qa.recent") ?? "[]").map(({ question }) => question))];
  } catch {
    return [];
  }
}

async function start() {
  tell("");
  const judged = await called("judged_questions", { who: state.who, questions: state.questions.map(({ question }) => question) });
  if (judged.problem) return tell(judged.problem, true);
  done = judged.done;
  begin.hidden = true;
  work.hidden = false;
  work.querySelector(".as").textContent = state.who ? `Judging as ${state.who}` : "";
  if (done[state.at]) state.at = following(state.at) ?? state.at;
  inTurn(deliver);
  open();
}

function leave() {
  work.hidden = true;
  begin.hidden = false;
  fill();
  begin.questions.focus();
}

function fill() {
  const { questions } = state;
  begin.who.value = state.who;
  begin.questions.value = questions.some(({ id }) => id)
    ? questions.map((each) => JSON.stringify(each)).join("\n")
    : questions.map(({ question }) => question).join("\n");
  begin.querySelector('[data-do="recent"]').hidden = !recentQuestions().length;
}

// A question.

// Which question after a place is not judged whole, from the first again after the last; undefined if all are.
function following(place) {
  const order = state.questions.map((_, number) => (place + 1 + number) % state.questions.length);
  return order.find((number) => !done[number]);
}

async function open(passage = null) {
  const request = ++opening;
  const { question } = state.questions[state.at];
  keep();
  complain("");
  choices.clear();
  work.querySelector(".question").textContent = question;
  progress();
  pool.replaceChildren();
  pool.setAttribute("aria-busy", "true");
  const found = await called("pool_question", { question, who: state.who });
  // Another question may have been opened meanwhile.
  if (request !== opening) return;
  pool.removeAttribute("aria-busy");
  complain(found.problem);
  build = found.build ?? "";
  pool.innerHTML = found.html ?? "";
  press(work.querySelector('[data-do="nothing"]'), Boolean(pool.querySelector("[data-nothing]")));
  for (const card of cards()) restore(card);
  mark(cards().find((card) => card.dataset.passage === passage) ?? cards().find((card) => !verdict(card)) ?? cards()[0]);
}

function progress() {
  const count = done.filter(Boolean).length;
  const bar = work.querySelector("progress");
  bar.max = state.questions.length;
  bar.value = count;
  work.querySelector(".count").textContent = `${count} of ${state.questions.length}`;
  work.querySelector('[data-do="undo"]').disabled = !state.mine.length;
}

// A card that is marked comes to rest below the question, however many lines that has.
const asked = work.querySelector(".asked");
new ResizeObserver(() => pool.style.setProperty("--asked", `${asked.offsetHeight}px`)).observe(asked);

function cards() {
  return [...pool.querySelectorAll(".card")];
}

function current() {
  return pool.querySelector("[aria-current]");
}

function verdict(card) {
  return card.querySelector("[aria-pressed=true]")?.dataset.verdict;
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

// Makes a card the one that keys are about. Without cards the question takes the focus, so that keys arrive.
function mark(card, focus = true) {
  current()?.removeAttribute("aria-current");
  card?.setAttribute("aria-current", "true");
  const target = card ?? work.querySelector(".question");
  if (focus) target.focus({ preventScroll: true });
  if (focus) target.scrollIntoView({ block: "nearest" });
}

function go(by) {
  state.at = (state.at + by + state.questions.length) % state.questions.length;
  open();
}

// Verdicts.

function judge(card, name) {
  const [start, end] = (name !== "no" && choices.get(card)) || [];
  const said = { verdict: name, passage: card?.dataset.passage ?? "", start, end };
  const words = [start, end].join();
  // What was said already, of the same words, is not said again.
  const again = card && verdict(card) === name && (name === "no" || card.dataset.said === words);
  if (card) {
    card.dataset.said = words;
    for (const button of card.querySelectorAll(".verdict")) press(button, button.dataset.verdict === name);
    if (name === "no") chooseAll(card);
    const order = cards();
    const next = [...order.slice(order.indexOf(card) + 1), ...order].find((each) => !verdict(each));
    // After the last verdict another question opens: until then no key is about a passage.
    mark(next ?? (done[state.at] ? card : null));
  }
  if (name !== "no") press(work.querySelector('[data-do="nothing"]'), name === "nothing");
  if (!again) send(said);
}

function send(said) {
  // Sent again when no answer comes, it counts once.
  state.unsent.push({ id: "", ...state.questions[state.at], ...said, build, who: state.who, key: newKey() });
  keep();
  inTurn(deliver);
}

// One thing after another, in the order of the keys.
function inTurn(work) {
  queue = queue.then(work).catch(() => complain(noConnection));
}

// Sends what was not sent yet. What gets no answer is kept, and sent again later: no verdict is lost on the way.
async function deliver() {
  while (state.unsent.length) {
    const [about] = state.unsent;
    const written = await called("judge_passage", about);
    const left = state.unsent.length;
    if (written.problem === noConnection) return complain(`${noConnection} Not written yet, but kept: ${left} of your verdicts`);
    state.unsent.shift();
    complain("");
    if (written.problem) {
      keep();
      // What is pressed is what is written.
      if (isOpen(about.question)) await open(about.passage);
      return complain(written.problem);
    }
    state.mine.push(written.id);
    keep();
    settle(about, written.done);
  }
}

function settle(about, whole) {
  const place = state.questions.findIndex(({ question }) => question === about.question);
  const news = whole && !done[place];
  if (place >= 0) done[place] = whole;
  progress();
  spoken.textContent = `${WORDS[about.verdict]}. ${done.filter(Boolean).length} of ${done.length} questions judged.`;
  if (news && isOpen(about.question)) advance();
}

function isOpen(question) {
  return !work.hidden && state.questions[state.at]?.question === question;
}

function advance() {
  const next = following(state.at);
  if (next === undefined) {
    tell(`All ${done.length} judged. Export the gold, or judge other questions.`);
    // From now on a key is about a passage only when one was chosen.
    open().then(() => mark(null));
  } else {
    state.at = next;
    open();
  }
}

async function undo() {
  await deliver();
  if (state.unsent.length || !state.mine.length) return;
  const taken = await called("take_back_judgement", { id: state.mine.at(-1), who: state.who });
  if (taken.problem === noConnection) return complain(noConnection);
  state.mine.pop();
  keep();
  progress();
  if (taken.problem) return complain(taken.problem);
  tell("");
  spoken.textContent = "Taken back.";
  const place = state.questions.findIndex(({ question }) => question === taken.question);
  if (place >= 0) {
    state.at = place;
    done[place] = taken.done;
  }
  open(taken.passage);
}

async function exportGold() {
  const found = await called("export_judgements", {});
  if (found.problem) return tell(found.problem, true);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([found.gold], { type: "application/jsonl" }));
  link.download = "gold.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  tell(`gold.jsonl: ${found.told}`);
}

// Words.

function choose(card, choice) {
  if (choice) choices.set(card, choice);
  else choices.delete(card);
  const text = [...card.querySelector(".text").textContent];
  const words = choice ? text.slice(...choice).join("") : "";
  card.querySelector(".chosen").hidden = !choice;
  card.querySelector(".chosen q").textContent = words;
}

// Marks the chosen words in the text; not while they are being selected.
function paint(card) {
  const place = card.querySelector(".text");
  const text = [...place.textContent];
  const [start, end] = choices.get(card) ?? [0, 0];
  const marked = document.createElement("mark");
  marked.textContent = text.slice(start, end).join("");
  const parts = [text.slice(0, start).join(""), end > start ? marked : "", text.slice(end).join("")];
  place.replaceChildren(...parts.filter(Boolean));
}

// The words that the verdict before is about.
function restore(card) {
  const { start, end } = card.dataset;
  if (start === undefined) return;
  choose(card, [Number(start), Number(end)]);
  paint(card);
}

document.addEventListener("selectionchange", () => {
  if (work.hidden) return;
  if (window.getSelection().isCollapsed) return repaint();
  const place = selectedPlace("#judge .pool .text");
  const words = place && selectedWords(place);
  if (!words) return;
  const card = place.closest(".card");
  choose(card, words);
  mark(card, false);
});

function repaint() {
  for (const card of cards()) {
    const marked = card.querySelector(".text mark")?.textContent ?? "";
    const words = choices.has(card) ? card.querySelector(".chosen q").textContent : "";
    if (marked !== words) paint(card);
  }
}

// The next sentence after the one that is chosen; after the last, all of the passage.
function chooseSentence(card) {
  const [last] = choices.get(card) ?? [-1];
  const next = JSON.parse(card.dataset.sentences).find(([start]) => start > last);
  choose(card, next ?? null);
  paint(card);
  spoken.textContent = next ? card.querySelector(".chosen q").textContent : "All of the passage";
}

function chooseAll(card) {
  window.getSelection().removeAllRanges();
  choose(card, null);
  paint(card);
}

// Hands.

const doing = {
  nothing: () => judge(null, "nothing"),
  undo: () => inTurn(undo),
  previous: () => go(-1),
  next: () => go(1),
  leave,
  export: exportGold,
  recent: () => {
    begin.questions.value = recentQuestions().join("\n");
    begin.questions.focus();
  },
};

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  const card = target.closest(".pool .card");
  if (button?.dataset.do) doing[button.dataset.do]();
  else if (button?.dataset.verdict) judge(card, button.dataset.verdict);
  else if (button && card) chooseAll(card);
  else if (card) mark(card, false);
});

pool.addEventListener("focusin", ({ target }) => mark(target.closest(".card"), false));

// Only while the focus is here: a letter typed elsewhere is no verdict.
work.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  const { key, target } = event;
  const card = current();
  const order = cards();
  const verdicts = { 1: "answers", 2: "partly", 3: "no" };
  if (pool.hasAttribute("aria-busy")) return;
  if (verdicts[key] && card) judge(card, verdicts[key]);
  else if (key === "n") judge(null, "nothing");
  else if (key === "u") inTurn(undo);
  else if (key === "s" && card) chooseSentence(card);
  else if (key === "Escape" && card) chooseAll(card);
  else if (key === "ArrowDown" && order.length) mark(order[Math.min(order.indexOf(card) + 1, order.length - 1)]);
  else if (key === "ArrowUp" && order.length) mark(order[Math.max(order.indexOf(card) - 1, 0)]);
  else if (key === "ArrowRight") go(1);
  else if (key === "ArrowLeft") go(-1);
  else return;
  if (target !== document.body) event.preventDefault();
});

recall();
fill();
if (state.questions.length) start();
// Where there was no connection there may be one by now.
setInterval(() => {
  if (state.unsent.length) inTurn(deliver);
  else if (!work.hidden && !build && !pool.hasAttribute("aria-busy")) open();
}, 10_000);
