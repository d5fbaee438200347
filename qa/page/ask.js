// Asks what the page's address says, and shows the answer. The address is the whole state of a question: to ask is to go
// to another address, so links reopen answers and articles, and back and forward work. `server.ask` asks Python.
const form = element.querySelector("#ask");
const box = form.elements.q;
const begin = element.querySelector("#begin");
const results = element.querySelector("#results");
const spoken = element.querySelector("#spoken");
const unreachable = '<p class="problem" role="alert">No answer came: is the page still being served?</p>';
const pageTitle = "Ask the articles";
// Where no article has a date, nobody is asked for one.
const days = () => ["from", "to"].filter((name) => form.elements[name]);
let asking = 0;
// The address that is answered on the page, or will be when the answer comes.
let answered = null;

async function show() {
  const address = addressOf(null);
  answered = address;
  const question = new URLSearchParams(address).get("q");
  const request = ++asking;
  hideSource();
  fill();
  if (question !== null) results.setAttribute("aria-busy", "true");
  const html = question === null ? "" : await server.ask({ asked: address });
  // Another question may have overtaken this one.
  if (request !== asking) return;
  results.removeAttribute("aria-busy");
  const left = [results, begin].some((place) => place.contains(document.activeElement));
  results.innerHTML = html ?? unreachable;
  document.title = [question?.trim(), pageTitle].filter(Boolean).join(" · ");
  begin.hidden = results.childElementCount > 0;
  spoken.textContent = results.querySelector(".sentence")?.textContent ?? "";
  if (results.querySelector(".answer")) remember(question.trim(), address);
  showRecent();
  const problem = results.querySelector(".problem");
  if (problem) {
    // A name that no file has is there to be mended.
    form.elements.source.value = sources().at(-1) ?? "";
    problem.scrollIntoView({ block: "nearest" });
  }
  // Whoever followed a link that is gone goes on from the answer.
  if (left) results.focus({ preventScroll: true });
  followAddress();
}

// Goes to an address of this page: "?q=…". What Gradio reads of the address stays there.
function go(address) {
  const theme = new URLSearchParams(location.search).get("__theme");
  const next = theme ? `${address}&__theme=${encodeURIComponent(theme)}` : address;
  // The same question again is no other place to come back to.
  if (next !== location.search) history.pushState(null, "", next);
  show();
}

function sources() {
  return new URLSearchParams(location.search).getAll("source");
}

function fieldDay(day) {
  return /^\d{4}-\d\d-\d\d$/.test(day ?? "") ? day : "";
}

// The fields say what the address says; a file field takes one more.
function fill() {
  const asked = new URLSearchParams(location.search);
  box.value = asked.get("q") ?? "";
  fillFilter(asked);
}

function fillFilter(asked) {
  for (const name of days()) form.elements[name].value = fieldDay(asked.get(name));
  for (const kind of form.querySelectorAll("[name=kind]")) kind.checked = asked.getAll("kind").includes(kind.value);
  form.elements.source.value = "";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const before = new URLSearchParams(location.search);
  const fields = new FormData(form);
  const asked = new URLSearchParams({ q: fields.get("q") });
  for (const name of days()) {
    // What no field shows, as "any" day or all of 2021, was said of that question, and of no other.
    const unseen = before.get("q") === fields.get("q") && !fieldDay(before.get(name)) ? before.get(name) : "";
    if (fields.get(name) || unseen) asked.append(name, fields.get(name) || unseen);
  }
  // A name that led to nothing stands in the field again.
  const chosen = results.querySelector(".problem") ? sources().slice(0, -1) : sources();
  for (const source of new Set([...chosen, fields.get("source")].filter(Boolean))) asked.append("source", source);
  for (const kind of fields.getAll("kind")) asked.append("kind", kind);
  go(`?${asked}`);
});

// Links to other questions are followed without loading the page again; in a new tab they are links like others.
element.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="?"]');
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
window.addEventListener("popstate", () => (addressOf(null) === answered ? followAddress() : show()));

box.addEventListener("keydown", (event) => {
  // Not the Enter that chooses a character while it is being composed.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

// The page was made when it was first served; the articles may be others by now.
async function renew() {
  const { build } = element.querySelector("#masthead").dataset;
  const about = document.createElement("template");
  about.innerHTML = (await server.fresh({ build })) ?? "";
  if (!about.content.children.length) return;
  for (const part of [...about.content.children]) element.querySelector(`#${part.id}`).replaceWith(part);
  fillFilter(new URLSearchParams(location.search));
}

// A library may hold very many files: of those, the ones that have in their names what is being typed.
form.addEventListener("input", async ({ target }) => {
  if (target.name !== "source") return;
  const typed = target.value;
  const options = await server.sources({ typed });
  if (options !== undefined && typed === target.value) element.querySelector("#sources").innerHTML = options;
});
