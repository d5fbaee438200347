// The article beside the page: shown and hidden. What opens it, and where the focus goes then, is each page's own.
const panel = document.createElement("aside");
panel.id = "source";
panel.hidden = true;
panel.setAttribute("aria-label", "Article");
element.closest(".gradio-container").append(panel);

const narrow = window.matchMedia("(max-width: 63.99rem)");
let opener = null;

function showPanel(html) {
  panel.innerHTML = html;
  panel.hidden = false;
  coverPage();
}

function hidePanel() {
  panel.hidden = true;
  panel.replaceChildren();
  coverPage();
}

// On a phone the article covers the page, which then is out of the keyboard's reach.
function coverPage() {
  document.documentElement.classList.toggle("reading", !panel.hidden);
  document.getElementById("page").inert = !panel.hidden && narrow.matches;
}
narrow.addEventListener("change", coverPage);
