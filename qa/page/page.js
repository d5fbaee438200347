// Opens an article beside its answer, and closes it. Runs once, in the component that shows answers:
// `element` is what it fills, `server.read_source` asks Python for an article, `watch` tells of a new answer.
const container = element.closest(".gradio-container");
const panel = document.createElement("aside");
panel.id = "source";
panel.hidden = true;
panel.setAttribute("aria-label", "Article");
const spoken = document.createElement("p");
spoken.className = "unseen";
spoken.setAttribute("role", "status");
container.append(panel, spoken);

const narrow = window.matchMedia("(max-width: 63.99rem)");
const closeButton = '<button type="button" class="close" data-close aria-label="Close the article">×</button>';
let opener = null;
let latest = 0;

async function open(place) {
  const request = ++latest;
  opener = place.matches("button") ? place : place.querySelector("button");
  const { question, build } = place.closest("[data-question]").dataset;
  const { rank } = place.dataset;
  const html = await server.read_source({ question, build, rank: Number(rank) });
  // Another click, or a new answer, may have overtaken this one.
  if (request !== latest) return;
  panel.innerHTML = html ?? `<header><h2 tabindex="-1">No connection: is the page still being served?</h2>${closeButton}</header>`;
  panel.hidden = false;
  settle(rank);
  panel.querySelector("h2").focus({ preventScroll: true });
  reveal();
}

function close() {
  latest += 1;
  if (panel.hidden) return;
  const focused = panel.contains(document.activeElement);
  panel.hidden = true;
  panel.replaceChildren();
  settle(null);
  if (focused && opener?.isConnected) opener.focus({ preventScroll: true });
}

// Scrolls the article, not the page, to the cited words.
function reveal() {
  const body = panel.querySelector(".body");
  const cited = body?.querySelector("mark") ?? body?.querySelector(".cited");
  if (cited) body.scrollTop += cited.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 4;
}

// Tells the open card apart. On a phone the article covers the page, which then is out of the keyboard's reach.
function settle(rank) {
  for (const card of element.querySelectorAll(".card")) card.toggleAttribute("data-open", card.dataset.rank === rank);
  document.documentElement.classList.toggle("reading", !panel.hidden);
  coverPage();
}

function coverPage() {
  document.getElementById("page").inert = !panel.hidden && narrow.matches;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close]")) close();
  const place = target.closest("[data-rank]");
  if (!place || target.closest("details.why")) return;
  // Selecting words of a passage is not asking for its article.
  if (target.closest("button") || window.getSelection().isCollapsed) open(place);
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") close();
});
narrow.addEventListener("change", coverPage);
watch("value", () => {
  close();
  spoken.textContent = element.querySelector(".sentence")?.textContent ?? "";
});
