"""The report on the terminal."""

from benchmarks.run import Story
from benchmarks.targets import judged


def print_report(story: Story) -> None:
    """Print."""
    for name, values in sorted(story.figures.values.items()):
        print(f"{name:32} {story.figures.median(name):12.2f}   {[round(v, 1) for v in values]}")
    for name, error in story.figures.failures.items():
        print(f"{name:32} FAILED {error}")
    for one in judged(story.figures, story.parts):
        print(one.target.name, one.value, one.rival, one.verdict.value)
