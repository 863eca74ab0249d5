// <form data-autosave>: posts itself shortly after a change and says so in [data-autosave-status], whose words are in
// data-saving, data-saved ("… {time}"), data-failed and data-conflict. The server answers {"saved_at": "10:24"} and, where
// the form has a hidden "revision", the next one. An input method that is still composing is left alone.
const AFTER_CHOICE = 800;
const AFTER_TYPING = 1500;

export function startAutosave(root) {
  for (const form of root.querySelectorAll("form[data-autosave]")) watch(form);
}

function watch(form) {
  let timer = null;
  let composing = false;
  let underway = Promise.resolve();
  const save = () => {
    window.clearTimeout(timer);
    timer = null;
    underway = underway.then(() => send(form));
  };
  const plan = (wait) => {
    window.clearTimeout(timer);
    if (!composing) timer = window.setTimeout(save, wait);
  };
  form.addEventListener("compositionstart", () => { composing = true; });
  form.addEventListener("compositionend", () => { composing = false; plan(AFTER_TYPING); });
  form.addEventListener("input", (event) => plan(event.target.matches("select, [type=radio], [type=checkbox]") ? AFTER_CHOICE : AFTER_TYPING));
  form.addEventListener("submit", () => window.clearTimeout(timer));
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) save(); });
}

async function send(form) {
  const url = form.dataset.autosave || form.action;
  say(form, "saving");
  try {
    const reply = await fetch(url, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      keepalive: true,
    });
    if (reply.status === 409) return say(form, "conflict");
    if (!reply.ok) throw new Error(String(reply.status));
    const news = await reply.json();
    if (news.revision !== undefined && form.elements.revision) form.elements.revision.value = news.revision;
    form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true, detail: news }));
    return say(form, "saved", news.saved_at);
  } catch {
    return say(form, "failed");
  }
}

function say(form, what, time = "") {
  const status = form.querySelector("[data-autosave-status]") ?? document.querySelector("[data-autosave-status]");
  const words = status?.dataset[what];
  if (words) status.textContent = words.replace("{time}", time);
}
