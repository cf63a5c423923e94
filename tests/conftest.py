"""Options and fixtures of all tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from golden import GoldenStore
from golden_report import write_report

HERE = Path(__file__).parent
REPORT = HERE / "report"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite goldens that fail or are missing; those that pass stay as they are",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the one process that all workers report to
        shutil.rmtree(REPORT, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        page = write_report(REPORT)
        if page is not None:
            print(f"\nScreenshot differences: {page}")


@pytest.fixture(scope="session")
def goldens(request: pytest.FixtureRequest) -> GoldenStore:
    update = request.config.getoption("--update-golden")
    return GoldenStore(HERE / "golden" / "images", REPORT, update=update)
