"""`replacing`: a file appears whole or not at all, also where the power fails."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary file, which takes the place of `path` in the end.

    It has the same name, as texts of progress tell it, in a hidden folder beside, whose own name is
    short, for that of the file may be as long as the file system takes. Its bytes are on the disk
    before it takes the place, so that there is always the old file or the new one. Where the block
    raises, the old one stays as it is and nothing is left behind. A link stays one: what it leads
    to is replaced.

    Raises:
        OSError: the disk refuses; or there is a folder, or a device or a pipe, whose place a file
            must not take.
    """
    name, path = path.name, Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "It is no file but a device or a pipe", str(path))
    folder = path.with_name(f".voile-{secrets.token_hex(4)}.part")
    temporary = folder / name
    folder.mkdir()
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Has the new name itself written; where a system cannot open folders it does so by itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
