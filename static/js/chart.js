// Draws each [data-chart] from the JSON its data-chart names, with the plotly bundle served by this site.
// The same numbers stand in a table beside it; where drawing fails the sentence in data-failed is shown.
const CONFIG = { displayModeBar: false, responsive: true, showSendToCloud: false, plotlyServerURL: "" };

export function startCharts(root) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

function draw(place) {
  const source = document.getElementById(place.dataset.chart);
  if (!source || !window.Plotly) {
    place.textContent = place.dataset.failed ?? "";
    return;
  }
  const figure = JSON.parse(source.textContent);
  dress(figure, getComputedStyle(document.documentElement));
  window.Plotly.newPlot(place, figure.data, figure.layout, { ...CONFIG, locale: document.documentElement.lang });
}

// Colours come from the tokens, so that light, dark and print need one figure: "var(--x)" is looked up.
function dress(node, style) {
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === "string" && value.startsWith("var(")) {
      node[key] = style.getPropertyValue(value.slice(4, -1)).trim();
    } else if (value && typeof value === "object") {
      dress(value, style);
    }
  }
}

window.addEventListener("beforeprint", () => {
  for (const place of document.querySelectorAll(".js-plotly-plot")) window.Plotly.Plots.resize(place);
});
