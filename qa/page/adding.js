// Files that are added and removed. Each is sent in pieces and read there; then the index is brought up to date.
const drop = element.querySelector(".drop");
const confirming = element.querySelector(".confirm");
const input = drop.querySelector("input");
const piece = Number(drop.dataset.piece);
let sending = false;
let giveUp = false;

// Asks before something is lost; whether to go on.
function confirmed(question, names, yes) {
  confirming.querySelector("p").textContent = question;
  confirming.querySelector("ul").replaceChildren(
    ...names.map((name) => Object.assign(document.createElement("li"), { textContent: name })),
  );
  confirming.querySelector("[value=yes]").textContent = yes;
  confirming.returnValue = "";
  confirming.showModal();
  return new Promise((resolve) => {
    confirming.addEventListener("close", () => resolve(confirming.returnValue === "yes"), { once: true });
  });
}
confirming.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) confirming.close(button.value);
});

async function asBase64(blob) {
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
  return address.slice(address.indexOf(",") + 1);
}

// Sends a file that is awaited; tells what is wrong with it. Whether it may be added.
async function send(file, token, begun) {
  for (let offset = 0; offset < file.size; offset += piece) {
    if (giveUp) return false;
    showWork({ ...begun, stage: `Sending ${file.name}`, done: begun.done + offset });
    let data;
    try {
      data = await asBase64(file.slice(offset, offset + piece));
    } catch {
      tell(`${file.name}: cannot be read: is it a folder, or gone?`);
      return false;
    }
    const { problem } = await called("send_piece", { token, offset, data });
    if (problem) {
      for (const line of problem.split("\n")) tell(line);
      return false;
    }
  }
  return true;
}

// Asks for each file whether it may come: the tokens of those that may.
async function begin(files, replaces) {
  const awaited = new Map();
  const there = [];
  for (const file of files) {
    const answer = await called("begin_file", { name: file.name, size: file.size, replaces });
    if (answer.token) awaited.set(file, answer.token);
    else if (answer.there) there.push(file);
    else tell(answer.problem);
  }
  return { awaited, there };
}

async function addFiles(files) {
  if (!files.length) return;
  if (sending || following || (await called("work_standing")).state === "running") {
    tell("The articles are being changed already: wait until that is done, then add the files.");
    await startFollowing();
    return;
  }
  sending = true;
  giveUp = false;
  told.replaceChildren();
  showWork({ stage: "Sending" });
  const { awaited, there } = await begin(files, false);
  if (there.length) {
    working.hidden = true; // nothing goes on while the question stands
    const question = there.length === 1 ? "A file of this name is there already. Replace it?" : "Files of these names are there already. Replace them?";
    if (await confirmed(question, there.map((file) => file.name), "Replace")) {
      for (const [file, token] of (await begin(there, true)).awaited) awaited.set(file, token);
    } else for (const file of there) tell(`${file.name}: not added, a file of this name is there already`, "caution");
  }
  const total = [...awaited.keys()].reduce((sum, file) => sum + file.size, 0);
  const good = [];
  let done = 0;
  for (const [file, token] of awaited) {
    if (await send(file, token, { done, total })) good.push(token);
    done += file.size;
  }
  sending = false;
  working.hidden = true;
  if (giveUp) {
    tell("Stopped: nothing was added, the articles are as they were.", "caution");
    await called("forget_files", { tokens: [...awaited.values()] });
  } else if (good.length) await startWork("add_files", { tokens: good }, "Stopped: nothing was added, the articles are as they were.");
}

async function removeFile({ dataset: { remove, articles } }) {
  const many = articles === "1" ? "its article" : `its ${articles} articles`;
  if (!(await confirmed(`Remove this file with ${many}? The file is deleted; to have it back, add it again.`, [remove], "Remove"))) return;
  told.replaceChildren();
  await startWork("remove_file", { name: remove }, "Stopped: nothing was removed, the articles are as they were.");
}

async function startWork(name, values, stopped) {
  const { problem } = await called(name, values);
  if (problem) for (const line of problem.split("\n")) tell(line);
  // Whoever's work goes on, this page shows how far it is.
  await follow(stopped);
  await refreshAll();
}

working.querySelector("[data-stop]").addEventListener("click", () => {
  giveUp = sending;
});
function addChosen() {
  const files = [...input.files];
  // The same file may be chosen again.
  input.value = "";
  addFiles(files);
}
input.addEventListener("change", addChosen);
for (const name of ["dragenter", "dragover"])
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.dataset.over = "";
  });
for (const name of ["dragleave", "drop"])
  document.addEventListener(name, (event) => {
    if (name === "drop" || !event.relatedTarget) delete drop.dataset.over;
  });
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  addFiles([...event.dataTransfer.files]);
});
drop.addEventListener("submit", (event) => event.preventDefault());
cardBox.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-update]")) return;
  told.replaceChildren();
  startWork("update_index", {}, "Stopped: the articles are as they were.");
});
// What was chosen before this script ran.
addChosen();
// Somebody else's work, or this page's before it was loaded again.
called("work_standing").then(({ state }) => state === "running" && startFollowing());
async function startFollowing() {
  if (sending || following) return;
  await follow("Stopped: the articles are as they were.");
  await refreshAll();
}
