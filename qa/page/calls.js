// Calls Python by `server`.
const noConnection = "No connection: is the page still being served?";
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Asks Python again when no answer comes: a page that asks much may be told to wait.
async function called(name, wanted = {}) {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const answer = await server[name](wanted);
    if (answer) return answer;
    await pause(500 * attempt);
  }
  return { problem: noConnection };
}
