// Keeps the number of contacts beside a segment's form up to date: <form data-count-url> and [data-count].
const form = document.querySelector("[data-count-url]");
const place = document.querySelector("[data-count]");
let asked = 0;

async function count() {
  const number = ++asked;
  const rules = new URLSearchParams([...new FormData(form)].filter(([name]) => name.startsWith("rule-")));
  const reply = await fetch(`${form.dataset.countUrl}?${rules}`, { headers: { Accept: "text/html" } });
  // An answer that was overtaken by a newer question is dropped.
  if (reply.ok && number === asked) place.textContent = (await reply.text()).trim();
}

if (form && place) form.addEventListener("change", () => count().catch(() => {}));
