"""`counterfoil rejects` and `counterfoil report`: what a bulk job refused, and what became of its rows."""

import csv
import io
import json

import pytest

from domain.reject import RAW_KEPT, Fate, Reject, RowFate
from domain.row_runs import runs_of
from persistence.rejects import keep_rejects
from persistence.row_report import keep_report
from persistence.sessions import Sessions
from tests.processes import Ended, command
from tests.resting import rest
from tests.worlds import begin
from worker.settings import Settings

HEADER = "\ufeffkey;title;note\r\n"
FROM_CSV = [
    Reject(2, "key", "taken\n\x1b[31m", "k1;'two\nlines';x\r\n", HEADER),
    Reject(2, "title", "too; long", "k1;'two\nlines';x\r\n", HEADER),
    Reject(4, "", "a quote is left open", "k2;'open;y", HEADER),
    Reject(7, "", "4 cells, expected 3", "k3;it's;z;4", HEADER),
]
FROM_JSON = [
    Reject(1, "tags", "odd", '{"key": "k1", "tags": ["ä", 1.5], "price": 12345678901234567.89}'),
    Reject(2, "", "not JSON", '{"key": "k2", "ti'),
    Reject(3, "title", "holds a surrogate", '{"title": "\\ud800", "done": true,\n "key": null, "rejected_line": 1}'),
]


async def refused(sessions: Sessions, rejects: list[Reject], dialect: object = None) -> None:
    """Keep rejects beside a dead job `j`."""
    await rest(sessions, job_id="j", arguments={"source": {"dialect": dialect}})
    async with begin(sessions) as tx:
        await keep_rejects(tx.session, "j", rejects)


async def rows(settings: Settings, *options: str, delimiter: str = ",", quote: str = '"') -> list[list[str]]:
    """Return what the command prints as CSV, cell by cell."""
    csv.field_size_limit(2 * RAW_KEPT)  # whoever reads a file in this process sets it for all
    ended = await command(settings, *options)
    assert (ended.code, ended.err) == (0, "")
    return list(csv.reader(io.StringIO(ended.out, newline=""), delimiter=delimiter, quotechar=quote))


async def test_records_of_csv_are_printed_in_their_dialect_to_be_corrected(
    settings: Settings, sessions: Sessions
) -> None:
    """Once each, unchanged, behind line and reason; one that is no record by itself is one cell."""
    await refused(sessions, FROM_CSV, {"delimiter": ";", "quote": "'"})
    assert await rows(settings, "rejects", "j", "--csv", delimiter=";", quote="'") == [
        ["rejected_line", "rejected_reason", "key", "title", "note"],
        ["2", "key: taken \\x1b[31m; title: too; long", "k1", "two\nlines", "x"],
        ["4", "a quote is left open", "k2;'open;y"],
        ["7", "4 cells, expected 3", "k3", "it's", "z", "4"],
    ]
    objects = [json.loads(line) for line in (await command(settings, "rejects", "j", "--ndjson")).out.splitlines()]
    assert objects[0] == {"key": "k1", "title": "two\nlines", "note": "x"}
    assert objects[2]["column 4"] == "4"


async def test_records_of_json_are_printed_as_a_table_of_all_their_names(
    settings: Settings, sessions: Sessions
) -> None:
    """What is nested as JSON, numbers with all their digits, and what is no object as it was sent."""
    await refused(sessions, FROM_JSON)
    assert await rows(settings, "rejects", "j", "--csv") == [
        ["rejected_line", "rejected_reason", "key", "tags", "price", "title", "done", "rejected_text"],
        ["1", "tags: odd", "k1", '["ä", 1.5]', "12345678901234567.89", "", "", ""],
        ["2", "not JSON", "", "", "", "", "", '{"key": "k2", "ti'],
        ["3", "title: holds a surrogate", "", "", "", "\\ud800", "true", ""],
    ]
    lines = (await command(settings, "rejects", "j", "--ndjson")).out.splitlines()
    assert lines == [" ".join(one.raw.split("\n")) for one in FROM_JSON]


async def test_a_record_that_was_cut_says_so(settings: Settings, sessions: Sessions) -> None:
    """Nobody imports half of it by mistake."""
    await refused(sessions, [Reject(2, "", "odd", "x" * (RAW_KEPT + 1), "key")])
    (_, (_, reason, kept)) = await rows(settings, "rejects", "j", "--csv")
    assert (reason, len(kept)) == ("odd; of the record only the first 65,536 characters were kept", RAW_KEPT)


async def test_the_table_shows_the_first_problems_and_nothing_that_a_terminal_obeys(
    settings: Settings, sessions: Sessions
) -> None:
    """With their lines, fields and the start of their records."""
    more = [Reject(line, "", "odd", "") for line in range(100, 1_200)]
    await refused(sessions, [*FROM_CSV, *more])
    shown = (await command(settings, "rejects", "j")).out
    for cell in ("taken \\x1b[31m", "k2;'open;y", "4 cells, expected 3", "… 50 of 1,104 problems; --csv has"):
        assert cell in shown
    assert "\x1b" not in shown


async def test_a_report_counts_fates_and_lists_every_row(settings: Settings, sessions: Sessions) -> None:
    """For people the first that were not inserted, with --csv all."""
    await rest(sessions, job_id="j")
    fates = [RowFate(line, Fate.INSERTED, 10 * line) for line in range(2, 1_502)]
    fates += [RowFate(line, Fate.SKIPPED, None) for line in range(1_502, 1_530)]
    async with begin(sessions) as tx:
        await keep_report(tx.session, "j", 1, runs_of(fates))
    shown = (await command(settings, "report", "j")).out
    for cell in ("1,500", "28", "1521", "… and 8 more that were not inserted; --csv has every row"):
        assert cell in shown
    assert "1522" not in shown
    written = await rows(settings, "report", "j", "--csv")
    assert (written[0], written[1], written[-1]) == (
        ["line", "fate", "id"],
        ["2", "inserted", "20"],
        ["1529", "skipped", ""],
    )
    assert len(written) == 1 + len(fates)


@pytest.mark.parametrize(
    "words", [("rejects", "j"), ("rejects", "j", "--csv"), ("report", "j"), ("report", "j", "--csv")]
)
async def test_nothing_to_show_is_said_and_an_unknown_job_is_an_error(
    settings: Settings, sessions: Sessions, words: tuple[str, ...]
) -> None:
    """On standard error, so that a file of rejects stays empty."""
    unknown = await command(settings, *words)
    assert (unknown.code, unknown.out, "no job 'j'" in unknown.line) == (1, "", True)
    await rest(sessions, job_id="j", arguments={"source": "a team's own"})
    assert_nothing_shown(await command(settings, *words))


def assert_nothing_shown(ended: Ended) -> None:
    """Assert that a command has succeeded with one sentence on standard error."""
    assert (ended.code, ended.out, "job 'j' has no re" in ended.line) == (0, "", True)
