"""Logs and crash reports: what a user sends along when something went wrong.

The latest messages are always in a file in the user's log folder. What ends the process, an
exception in C or a signal, is written by faulthandler beside it, with the name of what was open;
the next start finds that report.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import platform
import sys
import time
from pathlib import Path
from typing import IO

import platformdirs

from .. import __version__
from ..scenes.errors import VoileError

LEVELS = ("debug", "info", "warning", "error")

MOST_BYTES = 1_000_000
"""Of a log file, before it is put aside as `voile.log.1`."""

MOST_KEPT = 5
"""Crash reports that were told and are not yet deleted."""

_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


class LogError(VoileError):
    """The log cannot be written where it was asked for."""


def default_folder() -> Path:
    """Where logs and crash reports of this user are."""
    return Path(platformdirs.user_log_dir("voile"))


def start_log(file: Path | None = None, level: str = "info") -> Path | None:
    """Sends the messages of all modules to a file, warnings also to stderr.

    Args:
        file: where to; None takes `voile.log` in the user's log folder, and does without where that
            cannot be written.
        level: the least that is written, one of `LEVELS`.

    Returns:
        The file, None where there is none.

    Raises:
        LogError: there is no such level, or the file that was asked for cannot be written.
    """
    if level not in LEVELS:
        raise LogError(f"--log-level is {level!r}; it must be one of {', '.join(LEVELS)}")
    root = logging.getLogger("voile")
    root.setLevel(level.upper())
    path = file or default_folder() / "voile.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError as error:
        if file is not None:
            raise LogError(f"--log: {file} cannot be written: {error.strerror or error}") from error
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    words = logging.StreamHandler()
    words.setLevel(logging.WARNING)
    words.setFormatter(logging.Formatter("voile: %(message)s"))
    root.addHandler(words)
    root.info("Voile %s, Python %s, %s", __version__, sys.version.split()[0], platform.platform())
    return path


class CrashReport:
    """A file that is there after the process was ended by a fault, and only then.

    It begins with what was open; faulthandler adds the stacks of all threads.

    Args:
        folder: where the report is written; None takes the user's log folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()
        self._path = self._folder / f"crash-{os.getpid()}.txt"
        self._file: IO[str] | None = None

    def start(self) -> None:
        """Begins to watch; does without where the folder cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        except OSError:
            return
        faulthandler.enable(self._file)
        self.note("nothing")

    def note(self, opened: str) -> None:
        """Says what is open; a report names the latest."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.truncate()
            self._file.write(
                f"Voile {__version__} ended without being closed.\n"
                f"started: {time.strftime('%Y-%m-%d %H:%M:%S')}\n"
                f"open: {opened}\n"
                f"system: {platform.platform()}, Python {sys.version.split()[0]}\n"
                "stacks, if they could be written:\n\n"
            )
            self._file.flush()

    def close(self) -> None:
        """The program ends as it should: there is nothing to report."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


def left_reports(folder: Path | None = None) -> list[Path]:
    """Reports of processes that are over, the latest first; those of running ones are not meant."""
    folder = folder or default_folder()
    found = [path for path in folder.glob("crash-*.txt") if not process_runs(path.stem[6:])]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def tell_reports(folder: Path | None = None) -> list[Path]:
    """As `left_reports`, and puts them aside: each is told once. A few are kept."""
    told = []
    for path in left_reports(folder):
        aside = path.with_name(f"told-{path.name}")
        with contextlib.suppress(OSError):
            path.replace(aside)
            told.append(aside)
    kept = sorted((folder or default_folder()).glob("told-*.txt"), key=lambda p: p.stat().st_mtime)
    for path in kept[:-MOST_KEPT]:
        path.unlink(missing_ok=True)
    return told


def process_runs(number: str) -> bool:
    """Whether a process of this number is there."""
    if not number.isdigit() or int(number) == os.getpid():
        return number.isdigit()
    if sys.platform == "win32":  # os.kill would end it
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
