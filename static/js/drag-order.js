// Reorder by dragging: inside [data-sortable="op"] a [data-grip="what"] lifts its [data-drop] row; let go below another
// [data-drop="where"] and the list's form is sent with op="op:what.where", as one of its buttons would. Escape puts it back.
export function startDragOrder(root) {
  for (const list of root.querySelectorAll("[data-sortable]")) {
    list.classList.add("can-drag");
    list.addEventListener("pointerdown", (event) => {
      const grip = event.target.closest("[data-grip]");
      if (grip && event.isPrimary && event.button === 0) lift(list, grip, event);
    });
  }
}

function lift(list, grip, start) {
  start.preventDefault();
  const row = grip.closest("[data-drop]");
  const watch = new AbortController();
  const on = (name, does) => window.addEventListener(name, does, { signal: watch.signal });
  let target = null;
  grip.setPointerCapture(start.pointerId);
  document.body.classList.add("is-dragging");
  row.classList.add("is-lifted");
  const aim = (next) => {
    target?.classList.remove("drop-here");
    target = next;
    target?.classList.add("drop-here");
  };
  const end = (isDropped) => {
    watch.abort();
    const where = target;
    aim(null);
    document.body.classList.remove("is-dragging");
    row.classList.remove("is-lifted");
    if (isDropped && where && where !== row) send(list, grip.dataset.grip, where.dataset.drop);
  };
  on("pointermove", (event) => {
    scrollAtEdge(event.clientY);
    aim(rowAbove(list, event.clientY));
  });
  on("pointerup", () => end(true));
  on("pointercancel", () => end(false));
  on("keydown", (event) => { if (event.key === "Escape") end(false); });
}

// The row after which a lifted one would land: the last whose middle lies above the pointer.
function rowAbove(list, y) {
  const rows = [...list.querySelectorAll("[data-drop]")];
  const above = rows.filter((row) => {
    const box = row.getBoundingClientRect();
    return box.top + box.height / 2 < y;
  });
  return above.at(-1) ?? rows[0];
}

function scrollAtEdge(y) {
  if (y < 60) window.scrollBy(0, -12);
  if (y > window.innerHeight - 60) window.scrollBy(0, 12);
}

function send(list, what, where) {
  const form = list.closest("form");
  const button = document.createElement("button");
  button.name = "op";
  button.value = `${list.dataset.sortable}:${what}.${where}`;
  button.hidden = true;
  form.append(button);
  form.requestSubmit(button);
}
