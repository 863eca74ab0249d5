// Keeps results fresh: [data-live-url] is asked every few seconds for {"stamp": text, "run": id}.
// When the run has changed, the page is fetched again and each [data-live-region] is replaced in place,
// unless the reader is typing in it; open details stay open and the scroll position stays.
import { startCharts } from "./chart.js";

const EVERY = 3000;

export function startLive(root) {
  const holder = root.querySelector("[data-live-url]");
  if (!holder) return;
  let run = holder.dataset.liveRun;
  const ask = async () => {
    if (root.hidden) return;
    try {
      const reply = await fetch(holder.dataset.liveUrl, { headers: { Accept: "application/json" } });
      if (!reply.ok) return;
      const news = await reply.json();
      if (String(news.run) !== run) {
        await replaceRegions(root);
        run = String(news.run);
      }
    } catch {
      // The stamp keeps saying how old the figures are; the next round tries again.
    }
  };
  window.setInterval(ask, EVERY);
}

async function replaceRegions(root) {
  const reply = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const region of root.querySelectorAll("[data-live-region]")) {
    const next = fresh.querySelector(`[data-live-region="${region.dataset.liveRegion}"]`);
    if (!next || region.contains(root.activeElement) && root.activeElement.matches("input, select, textarea")) continue;
    const open = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
    region.replaceChildren(...next.childNodes);
    for (const id of open) region.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    startCharts(region);
  }
}
