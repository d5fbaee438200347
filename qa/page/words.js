// The words that are selected in a text. Offsets count characters, not halves of them.

// The element of a kind that the selection begins in; null if it begins in none.
function selectedPlace(kind) {
  const selection = window.getSelection();
  return selection.rangeCount ? holder(selection.getRangeAt(0).startContainer, kind) : null;
}

function holder(node, kind) {
  return (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(kind) ?? null;
}

// Where the selected words of an element begin and end in its text; null if there are none.
function selectedWords(place) {
  const selection = window.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const text = [...place.textContent];
  let start = place.contains(range.startContainer) ? offset(place, range.startContainer, range.startOffset) : text.length;
  // Three clicks select as far as to the next element.
  let end = place.contains(range.endContainer) ? offset(place, range.endContainer, range.endOffset) : text.length;
  while (start < end && !text[start].trim()) start += 1;
  while (start < end && !text[end - 1].trim()) end -= 1;
  return start < end ? [start, end] : null;
}

function offset(place, node, position) {
  const range = document.createRange();
  range.setStart(place, 0);
  range.setEnd(node, position);
  return [...range.toString()].length;
}

// What a verdict is sent with: sent again when no answer comes, it counts once.
function newKey() {
  return [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}
