// Opens an article beside its answer, and closes it. `server.read_source` asks Python for it.
const closeButton = '<button type="button" class="close" data-close aria-label="Close the article">×</button>';
let opening = 0;

async function openSource(place, step) {
  const request = ++opening;
  const { asked, build } = place.closest("[data-asked]").dataset;
  const { hit } = place.dataset;
  if (!panel.contains(place)) opener = place.matches("button") ? place : place.querySelector("button");
  const html = await server.read_source({ asked, build, hit });
  // Another click, or a new answer, may have overtaken this one.
  if (request !== opening) return;
  showPanel(html ?? `<header><h2 tabindex="-1">No connection: is the page still being served?</h2>${closeButton}</header>`);
  Object.assign(panel.dataset, { asked, build });
  settle(hit);
  // Who steps from passage to passage goes on with the same button.
  const again = panel.querySelector(`[data-step="${step}"]:not(:disabled)`) ?? panel.querySelector("h2");
  again.focus({ preventScroll: true });
  reveal();
}

function closeSource() {
  opening += 1;
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
  if (!place || (target.closest(".asides, a") && !target.closest("button[data-hit]"))) return;
  // Selecting words of a passage is not asking for its article.
  if (target.closest("button") || window.getSelection().isCollapsed) openSource(place, place.dataset.step);
});
panel.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: "Previous", ArrowRight: "Next" }[event.key];
  const button = panel.querySelector(`[data-step="${step}"]:not(:disabled)`);
  if (!button || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  openSource(button, step);
});
