"""What all figures share: colours as tokens of the style sheet, a bare layout, safe labels."""

from __future__ import annotations

import json
from typing import Any, Final

import plotly.graph_objects as go

LINE, PREVIOUS, TARGET, BAND = "#1B5FAA", "#7C8998", "#16202C", "#CFE0F5"
INK, GRID, PAPER, LABEL = "#5B6B7D", "#DFE5EC", "#FFFFFF", "#354456"
TOKENS: Final = {
    LINE: "var(--pos-2)", PREVIOUS: "var(--prev)", TARGET: "var(--target)", BAND: "var(--band)",
    INK: "var(--ink-500)", GRID: "var(--line)", PAPER: "var(--surface)", LABEL: "var(--ink-900)",
}
"""plotly checks the colours it is given, so figures are built in those of the light theme; the page
looks each token up when it draws, so that one figure serves light, dark and print."""
CLEAR: Final = "rgba(0,0,0,0)"


def base_layout() -> dict[str, Any]:
    """The layout without any of plotly's default template (which would add kilobytes to each figure).

    The page adds the font family when it draws, see `static/js/chart.js`.
    """
    return {
        "template": None, "autosize": True, "showlegend": False, "dragmode": False, "hovermode": "x",
        "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "separators": ".,",
        "font": {"size": 12, "color": INK},
        "margin": {"l": 34, "r": 14, "t": 18, "b": 30, "pad": 4},
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": INK, "font": {"color": LABEL, "size": 13}},
        "xaxis": {"showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True, "ticks": ""},
        "yaxis": {"gridcolor": GRID, "zeroline": False, "fixedrange": True, "automargin": True, "ticks": ""},
    }


def finish(figure: go.Figure) -> dict[str, Any]:
    """Return the figure as JSON data with tokens for colours.

    The way through `go.Figure` is for its checks alone: a misspelt key fails here, not silently in a browser.
    """
    plain: dict[str, Any] = json.loads(figure.to_json())
    plain["layout"].pop("template", None)
    tokens: dict[str, Any] = _with_tokens(plain)
    return tokens


def safe(label: str) -> str:
    """Write a label so that plotly prints it instead of reading it as markup."""
    return label.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _with_tokens(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _with_tokens(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_tokens(value) for value in node]
    return TOKENS.get(node, node) if isinstance(node, str) else node
