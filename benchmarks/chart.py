"""The chart, from the raw results: `python -m benchmarks.chart RESULTS.json CHART.png`, in its own environment."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # there may be no display

from matplotlib import pyplot as plt

NAMES = {
    "ours": "Counterfoil",
    "peer.pgqueuer": "PgQueuer",
    "peer.taskiq": "taskiq",
    "peer.saq": "SAQ",
    "peer.streaq": "streaQ",
    "peer.arq_tuned": "arq, tuned",
    "peer.procrastinate": "Procrastinate",
    "peer.arq_stock": "arq, as it comes",
}
OURS, THEIRS, STATEMENT = "#0b6e4f", "#8d99ae", "#cdd3dd"


def draw(figures: dict[str, Any], where: str, path: Path) -> None:
    """Draw three panels: no-op jobs, audited updates, idle latency."""

    def median(name: str) -> float:
        return float(figures[name]["median"]) if name in figures else 0.0

    sheet, (noops, updates, latency) = plt.subplots(1, 3, figsize=(13, 4.2), sharey=True, layout="constrained")
    slugs = list(NAMES)[::-1]
    places = range(len(slugs))
    colours = [OURS if slug == "ours" else THEIRS for slug in slugs]
    _bars(noops, "no-op jobs/s", [median(f"noop.{slug}") for slug in slugs], colours)
    tutorial = [median("update.ours" if slug == "ours" else f"orm.{slug}") for slug in slugs]
    statement = [median(f"set.{slug}") for slug in slugs]
    updates.barh(places, statement, color=STATEMENT, label="peers: the same in one statement, not exactly once")
    _bars(updates, "audited updates/s", tutorial, colours)
    if limit := median("limit.four"):
        updates.axvline(limit, color="#c1121f", linestyle="--", label="pgbench, the same four statements")
    updates.legend(fontsize=7, loc="lower right")
    _bars(latency, "idle, enqueue to commit, p50 in ms (log)", [median(f"p50.{slug}") for slug in slugs], colours)
    if median("p50.ours"):
        latency.set_xscale("log")
        latency.set_xlim(left=0.5)
    noops.set_yticks(places, [NAMES[slug] for slug in slugs])
    sheet.supxlabel(where, fontsize=7)
    sheet.savefig(path, dpi=110)


def _bars(panel: Any, title: str, values: list[float], colours: list[str]) -> None:  # noqa: ANN401 - matplotlib's
    bars = panel.barh(range(len(values)), values, color=colours, height=0.5)
    panel.bar_label(bars, [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values], fontsize=7)  # noqa: PLR2004
    panel.set_title(title, fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
    panel.margins(x=0.18)


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    machine = found["machine"]
    draw(
        found["figures"],
        f"{found['began'][:10]}, {machine['cores']} cores ({machine['processor']}), "
        f"PostgreSQL {machine['PostgreSQL']}, {machine['Redis']}, Python {machine['Python']}; "
        f"medians of {found['repetitions']}",
        Path(sys.argv[2]),
    )
