// Draws each [data-chart] from the JSON element it names, with the plotly bundle served by this site.
// The figure brings its layout; the page adds the letters and the colours, which it alone knows.
// The same numbers stand in a table beside it; where drawing fails, the sentence in data-failed is shown.
const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  doubleClick: false,
  plotlyServerURL: "",
  responsive: false,
  scrollZoom: false,
  showSendToCloud: false,
};

const drawn = new Set();
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));

export function startCharts(root) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

function draw(place) {
  const source = document.getElementById(place.dataset.chart);
  if (!source || !window.Plotly) return fail(place);
  const figure = JSON.parse(source.textContent);
  const style = getComputedStyle(document.documentElement);
  const layout = withColours(figure.layout, style);
  layout.font.family = style.getPropertyValue("--font").trim();
  return window.Plotly.react(place, withColours(figure.data, style), layout, CONFIG)
    .then(() => { if (!drawn.has(place)) showNewest(place); drawn.add(place); sizes.observe(place); })
    .catch(() => fail(place));
}

// On a narrow screen a long series scrolls inside its card; the newest end is what people come for.
function showNewest(place) {
  const frame = place.closest("figure");
  if (frame) frame.scrollLeft = frame.scrollWidth;
}

function fail(place) {
  place.classList.add("chart-failed");
  place.removeAttribute("aria-hidden");
  place.textContent = place.dataset.failed ?? "";
}

function fit(place) {
  if (place.isConnected) window.Plotly.Plots.resize(place);
  else { sizes.unobserve(place); drawn.delete(place); }
}

function isTree(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Colours are named by token, "var(--pos-2)", so that light, dark and paper need one figure.
function withColours(node, style) {
  if (Array.isArray(node)) return node.map((one) => withColours(one, style));
  if (isTree(node)) return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, withColours(one, style)]));
  if (typeof node !== "string" || !node.startsWith("var(")) return node;
  return style.getPropertyValue(node.slice(4, -1)).trim();
}

function redraw() {
  for (const place of drawn) draw(place);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
document.addEventListener("themechange", redraw);

// Paper is light and has its own width; plotly would keep those of the screen.
const page = document.documentElement;
let themeBefore = null;
window.addEventListener("beforeprint", () => {
  themeBefore = page.dataset.theme;
  page.dataset.theme = "light";
  page.classList.add("printing");
  redraw();
  drawn.forEach(fit);
});
window.addEventListener("afterprint", () => {
  page.dataset.theme = themeBefore ?? "auto";
  page.classList.remove("printing");
  redraw();
});
