// <form id="sheet">: says after each judgement how well all of them fit together so far. The server reckons and
// saves nothing by it; without script the same stands on the page once it has been sent.
const sheet = document.getElementById("sheet");
const place = sheet?.querySelector("[data-ratio]");
const PAUSE = 200; // Milliseconds after a choice, so that side and strength are asked about together.
let waiting = 0;
let turn = 0;

if (place) {
  sheet.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  });
}

async function look() {
  const mine = ++turn;
  const body = new FormData(sheet);
  body.set("_to", "look");
  const reply = await fetch(sheet.action, { method: "POST", body }).catch(() => null);
  const html = reply?.ok ? await reply.text() : "";
  // An answer that was overtaken by the next question is out of date.
  if (mine !== turn || !html) return;
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-ratio-now]");
  if (fresh) place.replaceChildren(fresh);
}
