"""Options and fixtures of all tests, and what keeps chance out of them."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from voile.render.regression import GoldenStore

pytest_plugins = ["pytester", "voile.testing"]

HERE = Path(__file__).parent

# The same examples in every run, and however slow the machine is. `--hypothesis-profile=default`
# looks for others.
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing that a user of this machine has kept is read: weights, presets, fonts, reports.

    Caches stay: compiled kernels are the same for everybody.
    """
    home = tempfile.TemporaryDirectory(prefix="voile-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    for kind in ("CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{kind}_HOME"] = str(Path(home.name) / kind.lower())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers are given files that take long first, and short ones at the end, when one is done."""
    if hasattr(config, "workerinput"):
        sizes = Counter(item.path for item in items)
        items.sort(key=lambda item: (not _is_slow(item), -sizes[item.path]))


def _is_slow(item: pytest.Item) -> bool:
    """Whether the whole file is marked as such."""
    module = item.getparent(pytest.Module)
    return module is not None and module.get_closest_marker("slow") is not None


@pytest.fixture(scope="session")
def goldens(request: pytest.FixtureRequest) -> GoldenStore:
    """Those of `golden_cases`, which name their backends themselves."""
    from voile.testing import report_folder  # pytest has to load it first

    update = request.config.getoption("--update-golden")
    return GoldenStore(HERE / "golden" / "images", report_folder(request.config), update=update)
