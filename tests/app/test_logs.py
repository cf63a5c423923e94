"""Logs and crash reports: written where asked, and there after the process was ended."""

import logging
import os
import signal
import subprocess
import sys

import pytest

from voile.app import cli
from voile.app.logs import CrashReport, LogError, left_reports, start_log, tell_reports
from voile.app.run import report_words


@pytest.fixture
def voile_logger():
    """The handlers that a test adds do not outlive it."""
    logger = logging.getLogger("voile")
    before, level = list(logger.handlers), logger.level
    yield logger
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_messages_go_to_the_file_that_was_asked_for(tmp_path, voile_logger, capsys):
    path = tmp_path / "logs" / "mine.log"
    assert start_log(path, "debug") == path
    logging.getLogger("voile.render").debug("a small thing")
    logging.getLogger("voile.app").warning("a large thing")
    text = path.read_text()
    assert "a small thing" in text
    assert "voile.render" in text
    shown = capsys.readouterr().err
    assert "a large thing" in shown
    assert "a small thing" not in shown


def test_a_log_that_cannot_be_written_is_told(tmp_path, voile_logger):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match=r"file/x\.log cannot be written"):
        start_log(tmp_path / "file" / "x.log")
    with pytest.raises(LogError, match="--log-level is 'loud'"):
        start_log(tmp_path / "x.log", "loud")


def test_without_a_place_to_write_the_program_runs_on(tmp_path, voile_logger, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("voile.app.logs.default_folder", lambda: tmp_path / "file")
    assert start_log() is None
    report = CrashReport()
    report.start()
    report.note("scene.ply")
    report.close()


def test_the_command_line_refuses_a_bad_level(capsys):
    assert cli.run(["view", "builtin", "--log-level", "loud"]) == 1
    assert "--log-level" in capsys.readouterr().err


CRASH = """
import ctypes, sys
from pathlib import Path
from voile.app.logs import CrashReport
report = CrashReport(Path(sys.argv[1]))
report.start()
report.note("garden.ply")
def inner_function():
    ctypes.string_at(0)
inner_function()
"""


def test_a_fault_leaves_a_report_that_names_what_was_open(tmp_path):
    ended = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], capture_output=True)
    assert ended.returncode == -signal.SIGSEGV
    (report,) = left_reports(tmp_path)
    text = report.read_text()
    assert "open: garden.ply" in text
    assert "inner_function" in text
    # Told once, then put aside.
    (told,) = tell_reports(tmp_path)
    assert "garden.ply was open" in report_words(told)
    assert str(told) in report_words(told)
    assert tell_reports(tmp_path) == []


def test_closing_leaves_none_and_a_running_one_is_not_told(tmp_path):
    report = CrashReport(tmp_path)
    report.start()
    assert (tmp_path / f"crash-{os.getpid()}.txt").exists()
    assert left_reports(tmp_path) == []
    report.close()
    assert not list(tmp_path.iterdir())


def test_only_a_few_reports_are_kept(tmp_path):
    for number in range(9):
        (tmp_path / f"crash-{2**30 + number}.txt").write_text("open: a\n")
    assert len(tell_reports(tmp_path)) == 9
    assert len(list(tmp_path.iterdir())) == 5
