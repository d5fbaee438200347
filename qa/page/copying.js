// Copies what a button holds, or keeps an answer as a file, and says so. `server.download` asks Python for the file, and
// `server.cite` for a citation.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

// Where the clipboard is out of reach, as on a page served without TLS to another machine.
function copyBySelection(text) {
  const focused = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "unseen" });
  field.style.whiteSpace = "pre";
  element.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}

async function download(button) {
  const { asked, build } = button.closest("[data-asked]").dataset;
  const text = await server.download({ asked, build });
  if (!text) return say("This answer is no longer kept: ask again");
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: address, download: button.dataset.download }).click();
  URL.revokeObjectURL(address);
  return say("Saved");
}

// For those who hear the page, and for those who see it.
const toast = Object.assign(document.createElement("p"), { id: "toast" });
toast.setAttribute("role", "status");
element.append(toast);
let said = 0;

function say(words) {
  toast.textContent = words;
  clearTimeout(said);
  said = setTimeout(() => { toast.textContent = ""; }, 2500);
}

// A citation is made once somebody wants one; where none came, opening it again asks again.
results.addEventListener("toggle", async ({ target }) => {
  const place = target.matches(".cite-as") && target.querySelector(".actions");
  if (!place || !target.open || place.childElementCount) return;
  const { asked, build } = target.closest("[data-asked]").dataset;
  const html = await server.cite({ asked, build, hit: target.closest(".passage").dataset.hit });
  if (html) place.innerHTML = html;
  else place.textContent = noConnection;
}, true);

element.addEventListener("click", async ({ target }) => {
  const button = target.closest("button");
  if (button?.matches("[data-copy]")) say((await copy(button.dataset.copy)) ? "Copied" : "This browser did not let the page copy");
  if (button?.matches("[data-download]")) download(button);
});
