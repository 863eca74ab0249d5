// Draws each [data-chart] from the JSON element it names, with the plotly bundle served by this site.
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

const AXIS = { fixedrange: true, automargin: true, zeroline: false, ticks: "", linecolor: "rgba(0,0,0,0)" };

const BASE = {
  font: { size: 12, color: "var(--ink-500)" },
  paper_bgcolor: "rgba(0,0,0,0)",
  plot_bgcolor: "rgba(0,0,0,0)",
  colorway: ["var(--pos-2)", "var(--neg-2)", "var(--ink-500)", "var(--pos-1)", "var(--neg-1)"],
  margin: { l: 36, r: 12, t: 8, b: 32, pad: 4 },
  hovermode: "x unified",
  hoverlabel: { bgcolor: "var(--surface)", bordercolor: "var(--ink-300)", font: { color: "var(--ink-900)", size: 13 } },
  showlegend: false,
  dragmode: false,
  separators: ".,",
  xaxis: { ...AXIS, showgrid: false },
  yaxis: { ...AXIS, gridcolor: "var(--line)" },
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
  const layout = over(BASE, figure.layout ?? {});
  const style = getComputedStyle(document.documentElement);
  layout.font.family = style.getPropertyValue("--font").trim();
  const locale = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const colours = (tree) => withColours(tree, style);
  return window.Plotly.react(place, colours(figure.data), colours(layout), { ...CONFIG, locale })
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

// The figure's own layout wins; axes and other branches are joined, not replaced.
function over(base, own) {
  const joined = { ...base };
  for (const [key, value] of Object.entries(own)) {
    const known = joined[key] ?? (/^[xy]axis\d/.test(key) ? base[key.slice(0, 5)] : undefined);
    joined[key] = isTree(value) && isTree(known) ? over(known, value) : value;
  }
  return joined;
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
