"""Raw results in a file: every repetition's figure, and what they came to."""

import json
from pathlib import Path

from benchmarks.run import Story
from benchmarks.targets import judged

DIGITS = 4
"""Significant digits: more would be noise."""


def keep(story: Story, path: Path) -> None:
    """Write the story as JSON."""
    figures = {
        name: {"median": _short(story.figures.median(name) or 0.0), "repetitions": [_short(one) for one in values]}
        for name, values in sorted(story.figures.values.items())
    }
    targets = [
        {"target": one.target.name, "value": one.value and _short(one.value), "verdict": one.verdict.value}
        for one in judged(story.figures, story.parts)
    ]
    written = {
        "began": story.began.isoformat(timespec="seconds"),
        "seconds": round(story.seconds),
        "quick": story.quick,
        "repetitions": story.repetitions,
        "machine": dict(story.machine),
        "targets": targets,
        "failures": story.figures.failures,
        "figures": figures,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = json.dumps(written, indent=1, ensure_ascii=False)
    path.write_text(f"{lines}\n", encoding="utf-8")


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
