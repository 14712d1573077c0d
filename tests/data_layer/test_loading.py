"""Relations are read with their objects where they are asked for, and elsewhere are an error with a way out."""

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlmodel import col

from domain.entities import Entities
from domain.errors import InvalidQuery, NotLoaded, UnknownName
from domain.member import Member
from domain.task import Task
from persistence.database import Database
from persistence.reader import reader
from persistence.sessions import Sessions, create_sessions
from tests.cards import METADATA, Board, Boards, Card, CardLabel, CardLabels, Cards, Label, Labels, Pin, Pins
from tests.queries import assert_queries, counted_queries
from tests.services import PROJECTS, TASKS, id_of, make_members, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine


@pytest.fixture
async def chain(sessions: Sessions) -> list[int]:
    """Return the ids of four tasks, each the parent of the next; the assignee of all is Ann."""
    (ann,) = await make_members(sessions, "ann")
    project = await make_project(sessions)
    ids: list[int] = []
    for key in "abcd":
        parent = {"parent_id": ids[-1]} if ids else {}
        ids += await make_tasks(sessions, project, rows=[{"key": key, "assignee_id": ann, **parent}])
    return ids


STRATEGIES: list[tuple[str | tuple[str, ...], int]] = [
    ("project", 1),
    (("project", "assignee", "parent"), 1),
    ("parent*3", 1),
    ("subtasks", 2),
    ("subtasks.assignee", 2),
    (("subtasks.assignee", "subtasks.project"), 2),
    ("subtasks.subtasks", 3),
    ("subtasks*3", 4),
    (("project", "subtasks*2.assignee"), 3),
    ("project.tasks.assignee", 2),
]


@pytest.mark.parametrize(("load", "statements"), STRATEGIES)
async def test_one_is_joined_and_many_are_one_more_query(
    database: Database, sessions: Sessions, chain: list[int], load: str | tuple[str, ...], statements: int
) -> None:
    """However many rows there are, at whatever depth."""
    async with reader(sessions) as read:
        with assert_queries(database.engine, statements):
            found = await TASKS.find(read, load=load)
    assert len(found) == len(chain)


async def test_many_are_one_more_query_for_500_objects(database: Database, sessions: Sessions) -> None:
    """So that no statement has more ids than a database takes."""
    ids = await make_tasks(sessions, await make_project(sessions), 501)
    async with reader(sessions) as read:
        with assert_queries(database.engine, 3):
            found = await TASKS.find(read, load="subtasks")
    assert [id_of(task) for task in found if task.subtasks == []] == ids


async def test_a_path_is_loaded_to_its_end_and_no_further(sessions: Sessions, chain: list[int]) -> None:
    """A repeated relation goes as many levels down as it says, with what follows it on each level's end."""
    async with reader(sessions) as read:
        task = await TASKS.get_or_raise(read, chain[0], load=("subtasks*2.assignee", "project"))
    grandchild = task.subtasks[0].subtasks[0]
    assert (grandchild.key, grandchild.assignee.key, task.project.key) == ("c", "ann", "alpha")
    with pytest.raises(NotLoaded, match=r"task\.subtasks is not loaded"):
        _ = grandchild.subtasks
    with pytest.raises(NotLoaded):
        _ = task.subtasks[0].project


ODD: list[tuple[str, type[Exception], str]] = [
    ("projct", UnknownName, "unknown relation 'projct'; did you mean 'project'"),
    ("subtasks.asignee", UnknownName, "did you mean 'assignee'"),
    ("title", UnknownName, "unknown relation 'title'"),
    ("project*2", InvalidQuery, "project leads to another entity"),
    ("subtasks*11", InvalidQuery, "follows 11 relations, at most 10"),
    ("subtasks*0", UnknownName, "unknown relation"),
    ("", UnknownName, "unknown relation"),
]


@pytest.mark.parametrize(("load", "error", "message"), ODD)
async def test_what_cannot_be_loaded_is_refused(
    sessions: Sessions, load: str, error: type[Exception], message: str
) -> None:
    """The nearest valid name is said, before any query."""
    async with reader(sessions) as read:
        with pytest.raises(error, match=message):
            await TASKS.find(read, load=load)


async def test_an_unloaded_relation_says_how_to_load_it(
    sessions: Sessions, database: Database, chain: list[int]
) -> None:
    """No query is sent by an attribute: not in the scope, not after it, and not where the related row is known."""
    async with reader(sessions) as read:
        task = await TASKS.get_or_raise(read, chain[0])
        assert await PROJECTS.get(read, task.project_id) is not None
        with (
            counted_queries(database.engine) as sent,
            pytest.raises(NotLoaded, match=r'load=\("project",\)') as refused,
        ):
            _ = task.project
        assert sent == []
    assert (refused.value.entity, refused.value.attribute) == ("task", "project")
    with pytest.raises(NotLoaded):
        _ = task.subtasks
    async with begin(sessions) as tx:
        made = await TASKS.create(tx, {"key": "new", "title": "New", "project.key": "alpha"})
        with pytest.raises(NotLoaded):
            _ = made.subtasks


class MemberSeen(BaseModel):
    """What a response shows of a member."""

    model_config = ConfigDict(from_attributes=True)
    key: str


class TaskSeen(BaseModel):
    """What a response shows of a task."""

    model_config = ConfigDict(from_attributes=True)
    key: str
    assignee: MemberSeen


async def test_a_response_model_says_it_too(sessions: Sessions, chain: list[int]) -> None:
    """Pydantic wraps what an attribute raises; the name and the way out are in its message."""
    async with reader(sessions) as read:
        task = await TASKS.get_or_raise(read, chain[0])
        with pytest.raises(ValidationError, match=r'NotLoaded: task\.assignee is not loaded; .* load=\("assignee",\)'):
            TaskSeen.model_validate(task)
        task = await TASKS.get_or_raise(read, chain[0], load="assignee")
    assert TaskSeen.model_validate(task).assignee.key == "ann"


async def test_what_a_transaction_wrote_is_loaded_anew(sessions: Sessions, chain: list[int]) -> None:
    """A relation that was loaded before a write is not shown as it was."""
    async with begin(sessions) as tx:
        task = await TASKS.get_or_raise(tx, chain[0], load="subtasks")
        assert len(task.subtasks) == 1
        await TASKS.create(tx, {"key": "new", "title": "New", "project.key": "alpha", "parent_id": chain[0]})
        same = await TASKS.get_or_raise(tx, chain[0], load="subtasks")
        assert same is task
        assert sorted(subtask.key for subtask in task.subtasks) == ["b", "new"]


async def test_many_to_many_goes_by_an_entity_between(database: Database) -> None:
    """Labels of cards are read by one more query; a link that is deleted leads nowhere, and all of it is audited."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    cards, labels, links = Cards(), Labels(), CardLabels()
    sessions = create_sessions(database.engine, Entities([Card, Label, CardLabel]))
    async with begin(sessions) as tx:
        first, second = await cards.create_many(tx, [{"title": "First"}, {"title": "Second"}])
        red, green = await labels.create_many(tx, [{"key": "red"}, {"key": "green"}])
        pairs = [(first, red), (first, green), (second, red)]
        made = await links.create_many(tx, [{"card_id": card.id, "label_id": label.id} for card, label in pairs])
        await links.soft_delete(tx, made[1])
        await labels.soft_delete(tx, labels_gone := await labels.create(tx, {"key": "gone"}))
        assert labels_gone.deleted_at is not None
    async with reader(sessions) as read:
        with assert_queries(database.engine, 2):
            found = await cards.find(read, load="labels", sort="title")
        assert [[label.key for label in card.labels] for card in found] == [["red"], ["red"]]
        nested = await cards.find(read, load="links.label", links__label__key="red", sort="-title")
        assert [[link.label.key for link in card.links] for card in nested] == [["red"], ["red"]]


async def test_what_comes_along_by_itself_leaves_deleted_rows_out_too(database: Database) -> None:
    """Where a model says `lazy="selectin"` or `"joined"`, in place of the service's `load`."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    boards, pins, sessions = Boards(), Pins(), create_sessions(database.engine, Entities([Board, Pin]))
    async with begin(sessions) as tx:
        board = id_of(await boards.create(tx, {"name": "a"}))
        kept, gone = [id_of(row) for row in await pins.create_many(tx, [{"board_id": board}] * 2)]
        await pins.soft_delete(tx, gone)
    async with reader(sessions) as read:
        (found,) = await boards.find(read)
        assert [pin.id for pin in found.pins] == [kept]
    async with reader(sessions) as read:
        assert [pin.id for pin in (await boards.get_or_raise(read, board)).pins] == [kept]
    async with begin(sessions) as tx:
        await boards.soft_delete(tx, board)
    async with reader(sessions) as read:
        assert [pin.board for pin in await pins.find(read)] == [None]


async def test_a_plain_query_may_load_as_sqlalchemy_does(sessions: Sessions, chain: list[int]) -> None:
    """The guard is of attributes alone: who writes queries by hand chooses the loading by hand."""
    async with reader(sessions) as read:
        query = select(Member).where(col(Member.key) == "ann")
        (ann,) = await read.scalars(query)
        with pytest.raises(NotLoaded, match=r"member\.assigned_tasks"):
            _ = ann.assigned_tasks
        assert id_of(ann) > 0
        assert isinstance(await read.get(Task, chain[0]), Task)
