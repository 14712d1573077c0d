"""Settings are read once, checked in one go, and every problem names the setting, the value and the way out."""

import pytest
from pydantic import SecretStr, ValidationError

from persistence.settings import SettingsError, load_entities
from worker.environment import load_settings
from worker.settings import Settings, without_password

URLS = {"DATABASE_URL": "postgresql://me:topsecret@db/app", "REDIS_URL": "redis://:topsecret@cache:6379/0"}


def problems(**given: str) -> tuple[str, ...]:
    """Return what is wrong with settings."""
    with pytest.raises(SettingsError) as refused:
        load_settings(given)
    return refused.value.sentences


def test_the_urls_are_enough() -> None:
    """Everything else has a default: stock arq's queue, the shipped entities, no retention."""
    settings = load_settings({**URLS, "PATH": "/bin"})
    assert (settings.queue, settings.entities, settings.retention_days) == ("arq:queue", ("domain.task_manager",), None)


def test_every_problem_is_told_in_one_go() -> None:
    """A missing URL, a wrong value, a value out of range and an unknown name make four sentences."""
    found = problems(
        DATABASE_URL="postgresql://me:topsecret@db/app",
        COUNTERFOIL_CONCURRENCY="many",
        COUNTERFOIL_MAX_ROWS="0",
        COUNTERFOIL_RETENTION_DAY="30",
    )
    assert sorted(found) == [
        "COUNTERFOIL_CONCURRENCY='many': Input should be a valid integer, unable to parse string as an integer",
        "COUNTERFOIL_MAX_ROWS='0': Input should be greater than or equal to 1",
        "REDIS_URL is not set; `counterfoil dev` starts servers and prints it",
        "unknown setting 'COUNTERFOIL_RETENTION_DAY'; did you mean 'COUNTERFOIL_RETENTION_DAYS'?",
    ]


def test_a_queue_that_is_named_twice_is_refused() -> None:
    """It says two things about its place in the order."""
    (sentence,) = problems(**URLS, COUNTERFOIL_QUEUES="high,bulk,high")
    assert sentence == (
        "COUNTERFOIL_QUEUES='high,bulk,high': names high twice; name each queue once, in the order of urgency"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "oracle://me:topsecret@db/app"),
        ("DATABASE_URL", "//me:topsecret@db"),
        ("DATABASE_URL", "postgresql://me:topsecret@db:port/app"),
        ("REDIS_URL", "http://:topsecret@cache"),
        ("REDIS_URL", "redis://:topsecret@cache:port/0"),
        ("REDIS_URL", "redis://:topsecret@cache:6379/first"),
    ],
)
def test_a_wrong_url_is_named_but_never_shown(name: str, value: str) -> None:
    """URLs hold passwords: the sentence says what was expected instead."""
    (sentence,) = problems(**{**URLS, name: value})
    assert sentence.startswith(f"{name}=(hidden): ")
    assert "expected" in sentence
    assert "topsecret" not in sentence


@pytest.mark.parametrize("name", ["COUNTERFOIL_QUEUE", "COUNTERFOIL_QUEUES"])
@pytest.mark.parametrize("queue", ["counterfoil:workers", "arq:abort", "arq:job:j", "high:health-check"])
def test_a_queue_is_not_called_after_a_key_of_arqs_or_ours(name: str, queue: str) -> None:
    """What is kept under that key already would be taken for jobs, or overwritten."""
    (sentence,) = problems(**URLS, **{name: queue})
    assert sentence.startswith(f"{name}='{queue}': a key of arq's or ours, and no name of a queue; expected such as ")


def test_processes_beyond_all_machines_are_refused() -> None:
    """A slip of the finger would take all memory before anybody could stop it."""
    (sentence,) = problems(**URLS, COUNTERFOIL_PROCESSES="99999999999999")
    assert sentence.endswith("Input should be less than or equal to 1000")


def test_queues_that_begin_like_arqs_own_are_taken() -> None:
    """Stock arq's users have called theirs so."""
    assert load_settings({**URLS, "COUNTERFOIL_QUEUES": "arq:queue:high,arq:queue"}).queues == (
        "arq:queue:high",
        "arq:queue",
    )


def test_settings_cannot_be_changed_and_do_not_print_passwords() -> None:
    """They are read once; a setting that is assigned later is an error, and `repr` hides the URLs."""
    settings = load_settings(URLS)
    with pytest.raises(ValidationError, match="frozen"):
        settings.concurrency = 3  # type: ignore[misc]
    assert "topsecret" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:p%40ss@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgresql://me:p@ss@db/app", "postgresql://me:***@db/app"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
    ],
)
def test_a_url_is_printed_without_its_password(url: str, shown: str) -> None:
    """Messages name the server, and nothing that opens it."""
    assert without_password(SecretStr(url)) == shown


def entities(modules: str) -> Settings:
    """Return settings that name modules of entities."""
    return load_settings({**URLS, "COUNTERFOIL_ENTITIES": modules})


def test_entities_come_from_the_modules_that_the_setting_names() -> None:
    """Modules are separated by commas, spaces around them do not matter."""
    assert set(load_entities(entities(" domain.member , domain.project"))) == {"member", "project"}


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (
            "shop.entities",
            r"COUNTERFOIL_ENTITIES names 'shop.entities', .*No module named 'shop'.* Python path",
        ),
        ("domain.names", "COUNTERFOIL_ENTITIES=domain.names holds no entity; name modules that define some"),
    ],
)
def test_modules_without_entities_are_named(modules: str, message: str) -> None:
    """One that does not exist, and one that defines none."""
    with pytest.raises(SettingsError, match=message):
        load_entities(entities(modules))


def test_an_empty_list_of_modules_is_refused() -> None:
    """A worker without entities could only refuse jobs."""
    (sentence,) = problems(**URLS, COUNTERFOIL_ENTITIES=" , ")
    assert sentence.startswith("COUNTERFOIL_ENTITIES=' , ': ")
