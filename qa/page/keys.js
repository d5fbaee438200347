// The keyboard, and what happens first: / to the question, up and down among the passages, Escape to close the article.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { key, target } = event;
  const typing = target.matches("input, textarea, select");
  if (key === "Escape") closeSource();
  else if (key === "/" && !typing) box.select();
  else if (key === "ArrowDown" && (target === box ? atEnd() : isPassage(target) || isNowhere(target))) step(1);
  else if (key === "ArrowUp" && isPassage(target)) step(-1);
  else return;
  if (key !== "Escape") event.preventDefault();
});

function isPassage(target) {
  return target.matches("#results, #results .title");
}

function isNowhere(target) {
  return target === document.body && results.querySelector(".title") !== null;
}

function atEnd() {
  return box.selectionStart === box.value.length && results.querySelector(".title") !== null;
}

// From the question to the first passage, and from passage to passage; above the first is the question.
function step(by) {
  const titles = [...results.querySelectorAll(".title")].filter((title) => title.checkVisibility());
  const next = titles.indexOf(document.activeElement) + by;
  const target = next < 0 ? box : titles[Math.min(next, titles.length - 1)];
  target.focus();
  target.closest(".passage")?.scrollIntoView({ block: "nearest" });
}

box.focus({ preventScroll: true });
showRecent();
show();
renew();
