// The last questions, kept in this browser and nowhere else; not at all where it keeps nothing.
const recent = element.querySelector("#recent");
const RECENT = "article-qa.recent";
const KEPT = 8;

function recalled() {
  try {
    const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return kept.filter(({ question, address }) => typeof question === "string" && /^\?q=/.test(address));
  } catch {
    return [];
  }
}

function remember(question, address) {
  const others = recalled().filter((each) => each.address !== address);
  keep([{ question, address }, ...others].slice(0, KEPT));
}

function keep(questions) {
  try {
    localStorage.setItem(RECENT, JSON.stringify(questions));
  } catch {
    // Storage is full or forbidden: the page works without.
  }
}

function showRecent() {
  const questions = recalled();
  recent.hidden = !questions.length;
  recent.querySelector("ul").replaceChildren(
    ...questions.map(({ question, address }) => {
      const link = Object.assign(document.createElement("a"), { href: address, textContent: question, dir: "auto" });
      const item = document.createElement("li");
      item.append(link);
      return item;
    }),
  );
}

recent.querySelector("button").addEventListener("click", () => {
  try {
    localStorage.removeItem(RECENT);
  } catch {
    // Then nothing was kept.
  }
  showRecent();
  box.focus();
});
