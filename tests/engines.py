"""Which engine the tests' workers run on: ours, or stock arq's with ENGINE=stock, where a test is true of both."""

import os

import pytest

ENGINE = os.environ.get("ENGINE", "ours")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of tests that stock arq is not to pass."""
    assert ENGINE in {"ours", "stock"}, f"ENGINE={ENGINE!r}; expected ours or stock"
    config.addinivalue_line("markers", "own_engine(reason): true of our engine alone; not run with ENGINE=stock")
    if ENGINE == "stock":  # arq itself calls it when it closes
        config.addinivalue_line("filterwarnings", "ignore:Call to deprecated close:DeprecationWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ENGINE=stock, leave those tests that run a worker, and skip those that are about our engine."""
    if ENGINE != "stock":
        return
    concerned = [item for item in items if vars(getattr(item, "module", item)).keys() & {"running_worker", "working"}]
    config.hook.pytest_deselected(items=[item for item in items if item not in concerned])
    items[:] = concerned
    for item in items:
        if mark := item.get_closest_marker("own_engine"):
            item.add_marker(pytest.mark.skip(reason=f"our engine alone: {mark.kwargs['reason']}"))
