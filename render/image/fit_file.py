"""The file that a fit goes on from: a line of JSON, then the arrays of its `State`."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from pathlib import Path

import msgspec
import numpy as np

from ...scenes.errors import SceneFormatError
from ...scenes.io.vis import Bits
from ...scenes.json_text import decode
from ..output import write_whole
from .fit import Plan, State
from .source import Source

SUFFIX = ".fit"

_VERSION = 1
_LINE = 1 << 20
_COLUMNS = 3 * 9
_AGAIN = "Fit from the start, without --resume."


class _Header(msgspec.Struct):
    version: int
    source: str
    plan: tuple[int, int, int, int]
    bits: tuple[int, int, int, int] | None
    step: int
    count: int
    history: list[tuple[int, float]]


def state_path(target: Path) -> Path:
    """Where the state of a fit is kept while its result is not finished."""
    return target.with_name(target.name + SUFFIX)


def save_state(state: State, plan: Plan, source: Source, path: Path) -> None:
    """Writes a state; the file appears whole or not at all. Raises OutputError."""
    bits = plan.bits and astuple(plan.bits)
    header = _Header(
        *(_VERSION, _digest(source), (plan.count, plan.steps, plan.seed, plan.k), bits),
        *(state.step, len(state.values), state.history),
    )
    arrays = np.concatenate([state.values, state.first, state.second], axis=1).astype("<f8")
    data = msgspec.json.encode(header) + b"\n" + arrays.tobytes()
    data += state.ages.astype("<i8").tobytes()
    write_whole(path, lambda to: to.write_bytes(data))


def load_state(path: Path, source: Source) -> tuple[Plan, State]:
    """The plan and the state of a fit of this source.

    Raises:
        SceneFormatError: no such file, damaged, or of another picture.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", _AGAIN
        ) from error
    end = data.find(b"\n", 0, _LINE)
    try:
        header = decode(data[: max(end, 0)], _Header)
        bits = None if header.bits is None else Bits(*header.bits)
        count, steps, seed, k = header.plan
        plan = Plan(count, steps, bits, seed, k)
    except (ValueError, TypeError) as error:
        raise SceneFormatError(path, "header", f"is not understood ({error})", _AGAIN) from error
    if header.version != _VERSION:
        raise SceneFormatError(path, "version", f"is {header.version}, not {_VERSION}", _AGAIN)
    if header.source != _digest(source):
        raise SceneFormatError(path, "source", "is another picture or mask", _AGAIN)
    n = header.count
    size = n * 8 * (_COLUMNS + 1)
    if not 0 < n <= plan.count or len(data) - end - 1 != size:
        raise SceneFormatError(
            path, "count", f"{n} Gaussians need {size:,} bytes, not {len(data) - end - 1:,}", _AGAIN
        )
    arrays = np.frombuffer(data, "<f8", n * _COLUMNS, end + 1).reshape(n, _COLUMNS)
    ages = np.frombuffer(data, "<i8", n, len(data) - 8 * n)
    if not np.isfinite(arrays).all() or not 0 <= header.step <= plan.steps or ages.min() < 0:
        raise SceneFormatError(path, "values", "are not those of a fit", _AGAIN)
    values, first, second = (arrays[:, k : k + 9].copy() for k in (0, 9, 18))
    return plan, State(values, first, second, ages.copy(), header.step, header.history)


def _digest(source: Source) -> str:
    found = hashlib.sha256(repr((source.pixels.shape, source.pixels.dtype.name)).encode())
    found.update(np.ascontiguousarray(source.pixels).data)
    if source.known is not None:
        found.update(np.packbits(source.known).tobytes())
    return found.hexdigest()
