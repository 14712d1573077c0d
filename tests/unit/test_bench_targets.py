"""What the benchmark makes of its figures: a target that is missed must be said to be missed."""

from pathlib import Path

import pytest

from benchmarks.bulk.tables import bulk_tables
from benchmarks.contenders import OURS, PEERS
from benchmarks.figures import Figures
from benchmarks.meter import WARM, Meter
from benchmarks.report import BEGIN, END, NoPlace, write_report
from benchmarks.run import PARTS, Story
from benchmarks.tables import amount, failures, side_by_side
from benchmarks.target import Sense, Target, Verdict
from benchmarks.targets import TARGETS, judge
from tests.benchmarks import story


def figures(**values: list[float]) -> Figures:
    """Return figures by name, in which `__` stands for a dot."""
    return Figures({name.replace("__", "."): given for name, given in values.items()})


def target(sense: Sense, bound: float, of: str | None = None) -> Target:
    """Return a target on the figure `ours`."""
    return Target("engine", "a target", "ours", sense, bound, "times", of)


@pytest.mark.parametrize(
    ("sense", "values", "verdict"),
    [
        (Sense.AT_LEAST, [9.0, 10.0, 90.0], Verdict.MET),
        (Sense.AT_LEAST, [1.0, 9.9, 90.0], Verdict.FALLS_SHORT),
        (Sense.AT_MOST, [1.0, 10.0, 90.0], Verdict.MET),
        (Sense.AT_MOST, [1.0, 10.1, 10.2], Verdict.FALLS_SHORT),
        (Sense.AT_MOST, [], Verdict.NOT_MEASURED),
    ],
)
def test_a_bound_is_held_against_the_median(sense: Sense, values: list[float], verdict: Verdict) -> None:
    """Neither the best repetition nor the worst decides, and the bound itself is met."""
    assert judge(target(sense, 10), figures(ours=values)).verdict is verdict


def test_the_best_peer_is_the_one_that_is_hardest_to_beat() -> None:
    """The highest rate where more is better, the lowest latency where less is."""
    found = figures(ours=[8.0], peer__a=[2.0], peer__b=[4.0])
    most = judge(target(Sense.AT_LEAST, 3, "peer.*"), found)
    least = judge(target(Sense.AT_MOST, 3, "peer.*"), found)
    assert (most.value, most.rival, most.verdict) == (2.0, "peer.b", Verdict.FALLS_SHORT)
    assert (least.value, least.rival, least.verdict) == (4.0, "peer.a", Verdict.FALLS_SHORT)


def test_a_target_without_its_rival_is_not_measured() -> None:
    """Where all peers have failed, nothing is beaten."""
    assert judge(target(Sense.AT_LEAST, 3, "peer.*"), figures(ours=[8.0])).verdict is Verdict.NOT_MEASURED


def test_targets_name_parts_and_figures_that_there_are() -> None:
    """A figure of a misspelt name would never be measured."""
    names = {one.figure(body) for one in (OURS, *PEERS) for body in (*one.guesses, "p50", "p99")}
    assert {one.part for one in TARGETS} <= set(PARTS)
    assert {one.figure for one in TARGETS if one.part == "engine"} <= names


def test_who_fails_is_named_with_the_error() -> None:
    """In its own row, and in a line of its own."""
    found = Figures()
    found.fail(PEERS[0].figure("orm"), RuntimeError("no such module"))
    row = next(row for row in side_by_side(found, frozenset(PARTS)).rows if row[0] == PEERS[0].name)
    assert row == (PEERS[0].name, "-", "failed", "-", "failed", "failed")
    assert list(failures(found)) == [f"{PEERS[0].name}, orm: RuntimeError: no such module"]


def test_a_load_is_held_against_the_limit_of_its_own_size() -> None:
    """A file that was not loaded has no verdict, and lends its limit to no other."""
    found = figures(bulk__100000__ours=[45.0], bulk__100000__psql=[50.0], bulk__5000000__psql=[1.0])
    rates = [one for one in TARGETS if one.of is not None and one.of.endswith(".psql")]
    verdicts = {one.figure: judge(one, found).verdict for one in rates}
    assert verdicts["bulk.100000.ours"] is Verdict.MET
    assert verdicts["bulk.5000000.ours"] is Verdict.NOT_MEASURED


def test_loads_stand_in_a_column_for_each_size() -> None:
    """By size and not by name; what was not tried is empty, and what was tried in vain is said to have failed."""
    found = figures(bulk__10000__ours=[2.0], bulk__9000__ours=[1.0], bulk__9000__orm=[3.0])
    found.fail("bulk.10000.psql", RuntimeError("no such server"))
    rates, memory, *_ = bulk_tables(found)
    assert rates.headers[1:] == ("9,000", "10,000")
    assert [row[1:] for row in rates.rows] == [("1", "2"), ("", "failed"), ("3", "")]
    assert memory.rows == []


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (12345.6, "12,346"), (99.94, "99.9"), (0.41234, "0.412"), (0, "0")]
)
def test_figures_have_as_many_digits_as_they_deserve(value: float | None, text: str) -> None:
    """Three, and all of those before the point."""
    assert amount(value) == text


def test_a_run_is_timed_after_its_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    """The meter reports as many jobs as it has timed, and no warm-up where a run is short."""
    for drain, timed in ((2 * WARM, WARM), (2 * WARM - 1, 2 * WARM - 1)):
        meter = Meter(drain)
        for number in range(drain):
            meter.begin()
            meter.end(number)
        assert f'"event": "drained", "jobs": {timed},' in capsys.readouterr().out


def test_the_report_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    """What stands around the marks stays, and a document without them is refused."""
    document = tmp_path / "README.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    made: Story = story(Figures({"update.ours": [1.0], "orm.peer.saq": [0.5]}))
    write_report(made, document, tmp_path / "chart.png")
    write_report(made, document, tmp_path / "chart.png")
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\nMeasured on 2026-01-01: 2 cores")
    assert text.endswith(f"|\n{END}\nafter\n")
    assert "| 2 times | at least 4 times | falls short |" in text
    assert "old" not in text
    document.write_text("nothing")
    with pytest.raises(NoPlace, match="add the lines"):
        write_report(made, document, tmp_path / "chart.png")
