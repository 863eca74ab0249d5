// <section data-tree-editor>: indicators are dragged by their dots, and the arrows work without a new page.
// The server decides every move and sends the tree as it is afterwards, or as it is after refusing one. Before weights
// change it sends a question instead, which the page's dialog asks.
const EDGE = 56; // Pixels from the window's edge within which a drag scrolls.
const SLACK = 4; // Pixels before a press is a drag.
const MARKS = ["drop-before", "drop-inside", "drop-after"];

const editor = document.querySelector("[data-tree-editor]");
let drag = null;

if (editor?.querySelector("[data-grip]")) {
  editor.dataset.ready = "";
  editor.querySelector("[data-drag-hint]").hidden = false;
  editor.addEventListener("pointerdown", press);
  editor.addEventListener("submit", send);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") finish(); });
}

function press(event) {
  const grip = event.target.closest("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  const row = grip.closest("tr");
  drag = { grip, row, pointer: event.pointerId, from: event.clientY, y: event.clientY, isMoving: false, at: null };
  grip.setPointerCapture(event.pointerId);
  grip.addEventListener("pointermove", follow);
  grip.addEventListener("pointerup", drop);
  grip.addEventListener("pointercancel", finish);
}

function follow(event) {
  if (!drag) return;
  drag.y = event.clientY;
  if (!drag.isMoving && Math.abs(drag.y - drag.from) > SLACK) begin();
  if (drag.isMoving) mark();
}

function begin() {
  drag.isMoving = true;
  editor.dataset.dragging = "";
  for (const row of [drag.row, ...below(drag.row)]) row.classList.add("is-dragged");
  scrollOn();
}

function scrollOn() {
  if (!drag?.isMoving) return;
  const by = drag.y < EDGE ? -12 : drag.y > window.innerHeight - EDGE ? 12 : 0;
  if (by) { window.scrollBy(0, by); mark(); }
  requestAnimationFrame(scrollOn);
}

// Shows where a drop would land: a line before or after a row, or a frame around the one to go into.
function mark() {
  unmark();
  drag.at = spot();
  if (!drag.at) return;
  const { row, where } = drag.at;
  const shown = where === "after" ? below(row).at(-1) ?? row : row;
  shown.classList.add(`drop-${where}`);
}

function unmark() {
  for (const row of rows()) row.classList.remove(...MARKS);
}

function spot() {
  const row = rows().find((one) => drag.y < one.getBoundingClientRect().bottom) ?? rows().at(-1);
  const box = row.getBoundingClientRect();
  const part = (drag.y - box.top) / box.height;
  if (row.dataset.depth === "0") return { row, where: "inside" };
  // Nothing can hang below what questions feed, so such a row has two halves instead of three parts.
  const rim = "measured" in row.dataset ? 0.5 : 0.3;
  return { row, where: part < rim ? "before" : part < 1 - rim ? "inside" : "after" };
}

function drop() {
  const { row, at, isMoving } = drag;
  finish();
  if (!isMoving || !at) return;
  const body = new FormData(row.querySelector("form"));
  body.set("target", at.row.dataset.node);
  body.set("where", at.where);
  body.set("ask", "yes");
  ask(row.dataset.place, body, row.dataset.node);
}

function finish() {
  if (!drag) return;
  const { grip, pointer } = drag;
  drag = null;
  if (grip.hasPointerCapture(pointer)) grip.releasePointerCapture(pointer);
  grip.removeEventListener("pointermove", follow);
  grip.removeEventListener("pointerup", drop);
  grip.removeEventListener("pointercancel", finish);
  delete editor.dataset.dragging;
  unmark();
  for (const row of rows()) row.classList.remove("is-dragged");
}

function send(event) {
  const form = event.target;
  const row = form.closest("tr");
  if (form.matches("[data-shift]")) {
    const { name, value } = event.submitter;
    ask(form.action, new FormData(form, event.submitter), row.dataset.node, `[name=${name}][value=${value}]`);
  } else if (form.matches("[data-undo]")) {
    ask(form.action, new FormData(form), null);
  } else {
    return;
  }
  event.preventDefault();
}

async function ask(address, body, node, focus = null) {
  editor.setAttribute("aria-busy", "true");
  const headers = { "X-Requested-With": "fetch" };
  const reply = await fetch(address, { method: "POST", body, headers }).catch(() => null);
  editor.removeAttribute("aria-busy");
  const html = reply && (reply.ok || [409, 422].includes(reply.status)) ? await reply.text() : null;
  if (html === null) return say(true, editor.dataset.failed);
  const found = new DOMParser().parseFromString(html, "text/html");
  const question = found.querySelector("[data-move-question]");
  if (question) return wonder(question, node);
  const fresh = found.querySelector("[data-tree-body]");
  // Signed out meanwhile, or the tree has gone: the page itself says what is so.
  if (!fresh) return window.location.reload();
  editor.querySelector("[data-tree-body]").replaceWith(fresh);
  document.querySelector("[data-tree-sets]")?.replaceWith(found.querySelector("[data-tree-sets]"));
  const row = fresh.querySelector(`[data-node="${node}"]`);
  if (!("refused" in fresh.dataset)) row?.classList.add("is-placed");
  if (focus) row?.querySelector(focus)?.focus();
  return say("refused" in fresh.dataset, ...found.querySelector("[data-tree-said]").childNodes);
}

// Asks before weights change; the answer goes to the server, which asks again where no reason is given.
function wonder(question, node) {
  const dialog = editor.querySelector("[data-move-dialog]");
  dialog.replaceChildren(question);
  question.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
    ask(question.action, new FormData(question), node);
  });
  question.querySelector("[data-cancel]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.showModal();
  question.querySelector("[name=reason]").focus();
}

function say(isBad, ...words) {
  const line = editor.querySelector("[data-tree-said]");
  line.replaceChildren(...words);
  line.classList.toggle("is-bad", isBad);
}

function rows() {
  return [...editor.querySelectorAll("tr[data-node]")];
}

function below(row) {
  const found = [];
  let next = row.nextElementSibling;
  while (next && Number(next.dataset.depth) > Number(row.dataset.depth)) {
    found.push(next);
    next = next.nextElementSibling;
  }
  return found;
}
