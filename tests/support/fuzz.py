"""Bad input: `load_cleanly` says whether a file is read or refused as every file must be."""

from __future__ import annotations

import shutil
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

import voile
from voile.scenes import SceneFormatError, Splats

MEGABYTE = 1 << 20

Damage = list[tuple[bool, int, int]]
"""Bytes to change: (near the beginning, position modulo the length, exclusive-or mask)."""

damages: st.SearchStrategy[Damage] = st.lists(
    st.tuples(st.booleans(), st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=8
)

_HEADER = 400  # bytes that are hit by half of the changes: headers decide most


def load_cleanly(path: Path, *, resident: bool = False, **options: bool) -> Splats | Exception:
    """Loads `path` and returns the scene or the `SceneFormatError` that refused it.

    Fails the test when another exception comes out, when the error does not name the file, a field
    and a fix, or when a refused file took more memory than twice its size plus 64 MB (a file that
    is read may also take three times what its arrays hold).

    Args:
        path: a file or folder.
        resident: also measure the process's resident memory, which sees allocations inside C
            libraries (image decoders, decompressors). Slower: milliseconds per call, Linux only.
        options: for `voile.load`.
    """
    result: Splats | Exception
    resident_peak = _watch_resident_memory() if resident else None
    tracemalloc.start()
    try:
        result = voile.load(path, **options)
    except SceneFormatError as error:
        # Without its traceback: that keeps the reader's frames, and their arrays, alive.
        result = error.with_traceback(None)
        result.__context__ = result.__cause__ = None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    if resident_peak is not None:
        peak = max(peak, resident_peak())

    limit = 2 * size_of(path) + 64 * MEGABYTE
    if isinstance(result, Splats):
        limit += 3 * result.nbytes
    else:
        check_error(result, path)
    assert peak <= limit, f"{path.name}: took {peak / MEGABYTE:.0f} MB, {result!r:.200}"
    return result


def refused(path: Path, **options: bool) -> SceneFormatError:
    """As `load_cleanly`, for files that must be refused."""
    result = load_cleanly(path, **options)
    assert isinstance(result, SceneFormatError), f"{path.name} was read: {len(result)} splats"
    return result


def check_error(error: Exception, path: Path) -> None:
    """Fails unless the error names the file (or a file of the folder), a field and a fix."""
    assert isinstance(error, SceneFormatError)
    assert error.path == path or path in error.path.parents, f"{error} names not {path}"
    assert error.path.name in str(error)
    for part in (error.field, error.problem, error.fix):
        assert part.strip(), f"{error!r} lacks a field, problem or fix"
        assert part in str(error)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files of a folder, in a fixed order."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    return [path] if path.exists() else []


def size_of(path: Path) -> int:
    """Bytes of a file or of all files of a folder."""
    return sum(file.stat().st_size for file in files_of(path))


def copy_of(path: Path, folder: Path) -> Path:
    """A copy of a file or folder in `folder`, replacing an earlier one."""
    copy = folder / path.name
    if path.is_dir():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy)
    else:
        shutil.copyfile(path, copy)
    return copy


def damaged(data: bytes, damage: Damage) -> bytes:
    """`data` with some bytes changed."""
    changed = bytearray(data)
    for near_start, position, mask in damage:
        length = min(len(data), _HEADER) if near_start else len(data)
        changed[position % length] ^= mask
    return bytes(changed)


def _watch_resident_memory() -> Callable[[], int]:
    """Starts to watch; the function returned gives the growth of resident memory in bytes."""
    if sys.platform != "linux":
        return lambda: 0
    status = Path("/proc/self/status")

    def field(name: str) -> int:
        for line in status.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        return 0

    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak, VmHWM, to now
    except OSError:
        return lambda: 0
    before = field("VmRSS")
    return lambda: field("VmHWM") - before
