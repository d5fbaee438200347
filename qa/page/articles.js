// The list of articles, an article beside it, and files that are added and removed.
const found = element.querySelector(".found");
const search = element.querySelector("[role=search]");
const cardBox = element.querySelector(".index-card");
const wanted = { words: "", column: "order", descending: false, page: 1 };
let listing = 0;

// Lists what is wanted; the button that asked for it has the focus again afterwards.
async function list(focus) {
  const request = ++listing;
  const { html, problem, holdings } = await called("list_articles", wanted);
  if (request !== listing) return;
  if (problem) {
    found.innerHTML = '<p class="problem" role="alert"></p>';
    found.firstElementChild.textContent = problem;
    return;
  }
  found.innerHTML = html;
  element.querySelector("[data-holdings]").textContent = holdings;
  const button = focus && found.querySelector(`${focus}:not(:disabled)`);
  if (button) button.focus();
}

async function openArticle(button) {
  opener = button;
  const { build } = button.closest("[data-build]").dataset;
  const { html, problem } = await called("read_article", { number: Number(button.dataset.number), build });
  if (problem) return;
  showPanel(html);
  panel.querySelector("h2").focus({ preventScroll: true });
}

function closeArticle() {
  if (panel.hidden) return;
  hidePanel();
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}

async function showCard() {
  const { html, problem } = await called("index_card");
  const box = cardBox.querySelector("div");
  if (problem) box.textContent = problem;
  else box.innerHTML = html;
}

// What has changed is shown where it stands.
async function refreshAll() {
  await list();
  if (cardBox.open) await showCard();
}

let typing;
search.elements.words.addEventListener("input", ({ target }) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    Object.assign(wanted, { words: target.value, page: 1 });
    list();
  }, 200);
});
search.addEventListener("submit", (event) => event.preventDefault());
cardBox.addEventListener("toggle", () => cardBox.open && showCard());

found.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { sort, page, number, remove } = button.dataset;
  if (sort) {
    const again = wanted.column === sort;
    Object.assign(wanted, { column: sort, descending: again && !wanted.descending, page: 1 });
    list(`[data-sort=${sort}]`);
  } else if (page) {
    const forward = Number(page) > wanted.page;
    wanted.page = Number(page);
    list(`.pager button:${forward ? "last" : "first"}-of-type`);
  } else if (number) openArticle(button);
  else if (remove !== undefined) removeFile(button);
});
panel.addEventListener("click", ({ target }) => target.closest("[data-close]") && closeArticle());
document.addEventListener("keydown", ({ key }) => key === "Escape" && closeArticle());

// What was typed before this script ran.
wanted.words = search.elements.words.value;
list();
