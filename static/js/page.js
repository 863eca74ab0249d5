// Starts the small behaviours that a page asks for by data attributes; every page works without them.
import { startBranches } from "./branches.js";
import { startCharts } from "./chart.js";
import { startConfirm } from "./confirm.js";
import { startCopyLink } from "./copy-link.js";
import { startEdges } from "./edges.js";
import { startFilters } from "./filters.js";
import { startLive } from "./live.js";
import { startTheme } from "./theme.js";

startConfirm(document);
startTheme(document);
startCopyLink(document);
startFilters(document);
startCharts(document);
startEdges(document);
startLive(document);
startBranches(document);
document.querySelector(".err-summary")?.focus();
