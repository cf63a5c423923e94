"""`Recorder`: the last frames and their stages, also in Chrome's trace format.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import os
import resource
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..render.spec import settings_label
from .jobs import Drawing

FRAMES = 240
"""How many frames are kept."""


@dataclass(frozen=True)
class Recorded:
    """A frame: when it began, seconds; milliseconds of its whole and by stage; what it was."""

    begun: float
    milliseconds: float
    stages: dict[str, float]
    label: str
    stats: dict[str, int]


class Recorder:
    """Keeps the last frames.

    Attributes:
        frames: oldest first.
    """

    def __init__(self) -> None:
        self.frames: deque[Recorded] = deque(maxlen=FRAMES)

    def add(self, drawing: Drawing) -> None:
        """Notes a drawing."""
        label = f"{drawing.job.backend} · {settings_label(drawing.job.request.settings)}"
        self.frames.append(
            Recorded(
                drawing.begun,
                drawing.milliseconds,
                dict(drawing.timings),
                label,
                dict(drawing.stats),
            )
        )

    def trace(self) -> bytes:
        """All frames as JSON: an event for each and one for each stage, microseconds.

        Stages are laid end to end from the begin of their frame: what a GPU measures are lengths.
        """
        events: list[dict[str, Any]] = []
        for frame in self.frames:
            at = 1e6 * frame.begun
            whole = {"cat": "frame", "dur": 1e3 * frame.milliseconds, "args": frame.stats}
            events.append(_event(frame.label, at, 1, whole))
            for stage, milliseconds in frame.stages.items():
                length = 1e3 * milliseconds
                events.append(_event(stage, at, 2, {"cat": "stage", "dur": length}))
                at += length
        return msgspec.json.encode({"traceEvents": events, "displayTimeUnit": "ms"})


def _event(name: str, at: float, row: int, rest: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ph": "X", "ts": at, "pid": os.getpid(), "tid": row, **rest}


def host_bytes() -> int:
    """Memory that the process holds now, bytes; at its most where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most
