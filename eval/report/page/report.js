// The page is whole without this: it filters the questions and opens the one that a link leads to.
(() => {
  const form = document.querySelector(".filter");
  const questions = [...document.querySelectorAll(".question")];
  const count = form.querySelector("output");

  function matches(question, { kind, result, words }) {
    const [problem, system] = result.split(" ");
    if (kind && question.dataset.kind !== kind) return false;
    if (problem && !question.dataset[problem].split(" ").includes(system)) return false;
    return question.firstElementChild.textContent.toLowerCase().includes(words.trim().toLowerCase());
  }

  function filter() {
    const wanted = Object.fromEntries(new FormData(form));
    for (const question of questions) question.hidden = !matches(question, wanted);
    const shown = questions.filter((question) => !question.hidden).length;
    count.value = `${shown} of ${questions.length} questions`;
  }

  function follow() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const question = target && target.closest(".question");
    if (!question) return;
    question.hidden = false;
    question.open = true;
    question.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", follow);
  filter();
  follow();
})();
