"""How the CPU kernels are compiled, and where their machine code is kept.

Numba caches beside the source file by default, which an installed package must not do. Kernels are
cached in the user's cache folder instead, in a subfolder named after a digest of their sources:
Numba looks only at the file that holds a function, not at the constants and inlined functions it
takes from others. `NUMBA_CACHE_DIR`, where set, wins.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
from numba import njit
from numba.core import config as _numba_config

F = TypeVar("F", bound=Callable[..., Any])

# A compiled function is called like the Python one; Numba's own types do not say so.
_njit: Any = njit
config: Any = _numba_config

FASTMATH = {"contract", "nsz"}
"""Fused multiply-add and a free sign of zero. Never `nnan` or `ninf`: comparisons with NaN and
infinity must keep their meaning for extreme splats to be culled, and never `reassoc`: the order of
operations, and so the bytes of a frame, are those of the source."""

ROOM = 64 << 20
"""Bytes that must be free for kernels to be cached: Numba raises when writing one fails."""

_OPTIONS = {"nogil": True, "fastmath": FASTMATH, "error_model": "numpy"}


def cache_folder() -> Path | None:
    """Folder of the compiled kernels; None where it is not writable or the disk is full."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        folder = Path(given)
    else:
        digest = hashlib.sha256()
        for source in (*sorted(Path(__file__).parent.rglob("*.py")), _CONSTANTS):
            digest.update(source.read_bytes())
        folder = Path(platformdirs.user_cache_dir("voile")) / "numba" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        return folder if shutil.disk_usage(folder).free > ROOM else None
    except OSError:
        return None


def kernel(function: F) -> F:
    """Compiles a function on its first call, without the GIL, cached on disk where possible."""
    if _FOLDER is None:
        return inline(function)
    # The folder is read while decorating, so other users of Numba in the process keep theirs.
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_FOLDER)
    try:
        return _njit(cache=True, **_OPTIONS)(function)
    finally:
        config.CACHE_DIR = before


def inline(function: F) -> F:
    """A function that kernels call; LLVM inlines it, and it is cached as part of its callers."""
    return _njit(**_OPTIONS)(function)


def merge(function: F) -> F:
    """As `inline`, and LLVM has no say in it: for loops over the pixels of a row in large kernels.

    A row is taken 16 pixels at once only where LLVM sees in one piece what its memory is.
    """
    return _njit(forceinline=True, **_OPTIONS)(function)


_CONSTANTS = Path(__file__).parent.parent / "constants.py"
_FOLDER = cache_folder()
