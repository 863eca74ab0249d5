// Saves the editor while typing, writes the outline and headings anew, reloads the preview, and warns when somebody else saved first. Everything works without it.
import { startDragOrder } from "./drag-order.js";

const form = document.querySelector("form[data-autosave]");
const stamp = document.querySelector("[data-stamp-text]");
const preview = document.querySelector("iframe[data-preview]");
let timer = 0;
let running = Promise.resolve();

async function save() {
  const body = new URLSearchParams(new FormData(form));
  body.set("op", "save");
  const reply = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!reply || !reply.headers.get("Content-Type")?.startsWith("application/json")) return;
  const answer = await reply.json();
  stamp.textContent = answer.message;
  if (!reply.ok) return;
  for (const input of document.querySelectorAll("input[name=revision]")) input.value = answer.revision;
  // What was chosen is what the page shows from now on.
  if (!answer.is_refused) for (const shown of form.querySelectorAll("[data-shown]")) shown.value = body.get(shown.dataset.shown);
  show(answer.parts);
  count("[data-blocking]", answer.blocking);
  count("[data-missing]", answer.missing);
  if (preview) preview.src = preview.src;
}

// The outline and the headings say what has been saved. One that is being used waits for the next time.
function show(parts) {
  if (document.body.classList.contains("is-dragging")) return;
  for (const [name, html] of Object.entries(parts ?? {})) {
    const place = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (!place || place.contains(document.activeElement)) continue;
    const written = new DOMParser().parseFromString(html, "text/html").body;
    // Fields keep what is being typed, unless they are about something else now: labels of another scale.
    if (about(place) !== null && about(place) === about(written)) continue;
    place.replaceChildren(...written.childNodes);
  }
}

function about(part) {
  return part.querySelector("[data-about]")?.value ?? null;
}

// A tab's figure follows what was saved; one that comes or goes altogether waits for the next page.
function count(selector, number) {
  const shown = document.querySelector(selector);
  if (!shown) return;
  shown.firstChild.textContent = String(number);
  shown.hidden = !number;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => { running = running.then(save); }, 1200);
}

if (form) {
  form.addEventListener("input", (event) => { if (!event.isComposing) later(); });
  form.addEventListener("compositionend", later);
  form.addEventListener("submit", () => clearTimeout(timer));
  // A button of the outline would leave what was typed behind: save first, then go on.
  document.querySelector("#outline-form")?.addEventListener("submit", async (event) => {
    if (!timer || event.target.dataset.saved) return;
    event.preventDefault();
    clearTimeout(timer);
    await (running = running.then(save));
    event.target.dataset.saved = "1";
    event.target.requestSubmit(event.submitter);
  });
}

startDragOrder(document);
