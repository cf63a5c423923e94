"""Options and fixtures of all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from voile.render.regression import GoldenStore

pytest_plugins = ["pytester", "voile.testing"]

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def goldens(request: pytest.FixtureRequest) -> GoldenStore:
    """Those of `golden_cases`, which name their backends themselves."""
    from voile.testing import report_folder  # pytest has to load it first

    update = request.config.getoption("--update-golden")
    return GoldenStore(HERE / "golden" / "images", report_folder(request.config), update=update)
