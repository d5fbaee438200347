// Opens an article beside its answer, and closes it. Which passage is open stands in the address, so that a link leads to it
// and one step back closes it. `server.read_source` asks Python for the article.
const closeButton = '<button type="button" class="close" data-close aria-label="Close the article">×</button>';
let opening = 0;
// Also while the article is on its way.
let isOpen = false;
let isComing = false;
// What was pressed meanwhile: each step begins where the one before arrived.
let steps = [];

function isBusy() {
  return results.hasAttribute("aria-busy");
}

function namedPassage() {
  return new URLSearchParams(location.search).get("passage");
}

// The address as it is, but for the passage: another one, or none. A passage has its own name there, not its place among the
// others, which may be another when the articles are.
function addressOf(hit) {
  const said = new URLSearchParams(location.search);
  said.delete("passage");
  if (hit !== null) said.append("passage", opens("hit", hit).dataset.passage);
  return `?${said}`;
}

// The button of the answer that opens a passage, by its place among the hits or its name.
function opens(what, value) {
  return results.querySelector(`.passage button[data-${what}="${CSS.escape(value)}"]`);
}

// Opens the passage that the address names; none, if it names none or the answer has no such passage.
function followAddress() {
  // An answer that is on its way follows the address when it comes.
  if (isBusy()) return undefined;
  const name = namedPassage();
  const place = name && opens("passage", name);
  if (!place) return hideSource();
  opener = place;
  for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  return openSource(place.dataset.hit);
}

async function openSource(hit, step) {
  const request = ++opening;
  isOpen = isComing = true;
  if (!step) steps = [];
  const { asked, build } = results.querySelector("[data-asked]").dataset;
  const html = await server.read_source({ asked, build, hit });
  // Another click, or a new answer, may have overtaken this one.
  if (request !== opening) return;
  isComing = false;
  showPanel(html ?? `<header><h2 tabindex="-1">No connection: is the page still being served?</h2>${closeButton}</header>`);
  settle(hit);
  // Who steps from passage to passage goes on with the same button.
  const again = panel.querySelector(`[data-step="${step}"]:not(:disabled)`) ?? panel.querySelector("h2");
  again.focus({ preventScroll: true });
  reveal();
  if (steps.length) takeStep(steps.shift());
}

// Another passage takes the place of the one that is open: one step back closes the article, however many were read.
function choose(hit, step) {
  if (namedPassage() === null) {
    // Whoever goes on among the passages beside the article stays there when it closes.
    history.scrollRestoration = "manual";
    history.pushState({ opened: true }, "", addressOf(hit));
  } else history.replaceState(history.state, "", addressOf(hit));
  openSource(hit, step);
}

// To the "Previous" or the "Next" passage of the article.
function takeStep(name) {
  if (isComing) return void steps.push(name);
  const button = panel.querySelector(`[data-step="${name}"]:not(:disabled)`);
  if (button) choose(button.dataset.hit, name);
  else steps = [];
}

// Goes back to the answer. Whoever came by a link has no answer to go back to, and stays.
function closeSource() {
  if (!isOpen) return;
  hideSource();
  if (history.state?.opened) history.back();
  else history.replaceState(null, "", addressOf(null));
}

function hideSource() {
  history.scrollRestoration = "auto";
  opening += 1;
  isOpen = isComing = false;
  steps = [];
  if (panel.hidden) return;
  const focused = panel.contains(document.activeElement);
  hidePanel();
  settle(null);
  if (focused && opener?.isConnected) opener.focus({ preventScroll: true });
}

// Scrolls the article, not the page, to the cited words.
function reveal() {
  const body = panel.querySelector(".body");
  const cited = body?.querySelector("mark") ?? body?.querySelector(".cited");
  if (cited) body.scrollTop += cited.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 4;
}

// Tells the open card apart.
function settle(hit) {
  for (const card of results.querySelectorAll(".passage")) card.toggleAttribute("data-open", card.dataset.hit === hit);
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close]")) closeSource();
  const place = target.closest("[data-hit]");
  // The passages of the answer before are none of the one that the address asks for.
  if (!place || isBusy() || (target.closest(".asides, a") && !target.closest("button[data-hit]"))) return;
  // Selecting words of a passage is not asking for its article.
  if (!target.closest("button") && !window.getSelection().isCollapsed) return;
  if (panel.contains(place)) return takeStep(place.dataset.step);
  opener = place.matches("button") ? place : place.querySelector("button");
  choose(place.dataset.hit);
});
panel.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: "Previous", ArrowRight: "Next" }[event.key];
  const button = panel.querySelector(`[data-step="${step}"]:not(:disabled)`);
  if (!button || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  takeStep(step);
});
