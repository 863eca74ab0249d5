// Keeps results fresh: [data-live-url] is asked every few seconds for {"stamp": text, "run": id}.
// When the run has changed, the page is fetched again and each [data-live-region] is replaced in place, except where
// the reader is typing. Focus, open details, ticked boxes and scroll positions stay. Two missed answers in a row are told in
// [data-live-stamp] by the words in its data-lost.
import { startCharts } from "./chart.js";
import { startEdges } from "./edges.js";

const EVERY = 3000;
const SLOWEST = 60000;

export function startLive(root) {
  const holder = root.querySelector("[data-live-url]");
  if (!holder) return;
  let run = holder.dataset.liveRun;
  let missed = 0;
  const ask = async () => {
    if (!root.hidden) {
      try {
        const news = await getJson(holder.dataset.liveUrl);
        missed = 0;
        showStamp(root, news);
        if (String(news.run) !== run) {
          await replaceRegions(root);
          run = String(news.run);
        }
      } catch {
        missed += 1;
        if (missed === 2) showLost(root);
      }
    }
    window.setTimeout(ask, Math.min(EVERY * 2 ** missed, SLOWEST));
  };
  window.setTimeout(ask, EVERY);
}

async function getJson(url) {
  const reply = await fetch(url, { headers: { Accept: "application/json" } });
  if (!reply.ok) throw new Error(String(reply.status));
  return reply.json();
}

function showStamp(root, news) {
  const stamp = root.querySelector("[data-live-stamp]");
  if (!stamp) return;
  stamp.parentElement.querySelector(".dot")?.classList.toggle("stale", Boolean(news.is_stale));
  if (news.stamp && stamp.textContent !== news.stamp) stamp.textContent = news.stamp;
}

function showLost(root) {
  const stamp = root.querySelector("[data-live-stamp]");
  if (!stamp?.dataset.lost) return;
  stamp.parentElement.querySelector(".dot")?.classList.add("stale");
  stamp.textContent = stamp.dataset.lost;
}

async function replaceRegions(root) {
  const reply = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const region of root.querySelectorAll("[data-live-region]")) {
    const next = fresh.querySelector(`[data-live-region="${CSS.escape(region.dataset.liveRegion)}"]`);
    if (next && !isTypedIn(region) && region.innerHTML !== next.innerHTML) replace(region, next);
  }
}

function isTypedIn(region) {
  const active = document.activeElement;
  return region.contains(active) && active.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

function replace(region, next) {
  const focus = region.contains(document.activeElement) ? placeOf(region, document.activeElement) : null;
  const open = [...region.querySelectorAll("details")].map((one) => one.open);
  const boxes = [...region.querySelectorAll("input[type=checkbox][id]")].map((one) => [one.id, one.checked]);
  const scrolled = [...region.querySelectorAll(".scrollx")].map((one) => [one.scrollLeft, one.scrollTop]);
  region.replaceChildren(...next.childNodes);
  [...region.querySelectorAll("details")].forEach((one, at) => { if (open[at]) one.open = true; });
  for (const [id, checked] of boxes) {
    const box = find(region, { id });
    if (box) box.checked = checked;
  }
  [...region.querySelectorAll(".scrollx")].forEach((one, at) => { if (scrolled[at]) one.scrollTo(...scrolled[at]); });
  if (focus) find(region, focus)?.focus({ preventScroll: true });
  startCharts(region);
  startEdges(region);
}

// Where an element is: by its id, or by the way down from the region.
function placeOf(region, element) {
  const steps = [];
  for (let one = element; one !== region; one = one.parentElement) {
    steps.unshift([...one.parentElement.children].indexOf(one));
  }
  return { id: element.id, steps };
}

function find(region, { id, steps }) {
  if (id) return region.querySelector(`#${CSS.escape(id)}`);
  return steps.reduce((one, step) => one?.children[step], region);
}
