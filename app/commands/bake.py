"""`voile bake`: what makes the modes without a sort look better, worked out once per scene."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from ...render.camera import Camera
from ...render.modes.weighted import DEFAULT_BETA
from ...render.output import OutputError, check_folder
from ...render.views import from_viewpoint
from ...scenes.errors import Cancelled
from ...scenes.oit import OitWeights
from ...scenes.oit_file import save_weights
from ...scenes.progress import Progress
from ...scenes.scene import Scene, open_scene
from ...scenes.splats import Splats
from .console import INTERRUPTED, OK, progress_bar, size_text


def bake(
    scene: str,
    /,
    *,
    oit: Annotated[bool, Parameter(negative="")] = False,
    learn: Annotated[bool, Parameter(negative="")] = False,
    minutes: float = 10.0,
    steps: int | None = None,
    views: Annotated[list[Path] | None, Parameter(negative="")] = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Fits the weights of the modes that need no sort to a scene, and keeps them beside it.

    --oit takes seconds and serves mode weighted; --learn goes on from there and serves mode
    learned. Both need the scene alone. The weights are found again when the scene is opened.
    Ctrl-C while learning keeps the best so far.

    Parameters
    ----------
    scene
        Scene file or folder, "builtin" or "builtin:materials".
    oit
        Fit the weights of mode weighted.
    learn
        Also learn weights and splats for mode learned.
    minutes
        How long to learn.
    steps
        How many steps of learning to take instead, so that the result can be repeated.
    views
        Camera JSON files near which the scene is looked at from; half of all views are then taken
        there.
    output
        File to write instead of the one beside the scene.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar.
    """
    from ...render.baking import BakeError

    if not (oit or learn):
        raise BakeError("there is nothing to bake: give --oit, or --learn")
    if not (np.isfinite(minutes) and minutes > 0):
        raise BakeError(f"--minutes is {minutes:g}; it must be more than 0")
    if steps is not None and steps < 1:
        raise BakeError(f"--steps is {steps}; it must be 1 or more")
    given = [Camera.load(path) for path in views or []]
    with progress_bar(quiet) as show, interruptible(show) as progress:
        opened = open_scene(scene, progress, drop_invalid=drop_invalid)
        if len(opened.splats) == 0:
            raise BakeError(f"{scene} has no splats to bake anything for")
        target = output or opened.weights
        assert target is not None  # whatever was opened has a place for them
        check_place(target)
        baked, lines = _bake(opened, given, 60 * minutes if learn else 0.0, steps, progress)
        save_weights(baked, target)
    if not quiet:
        print(f"{target}: {size_text(target.stat().st_size)}")
        for line in lines:
            print(f"  {line}")
    if progress.interrupted:
        print("voile: interrupted; the best so far is kept", file=sys.stderr)
        return INTERRUPTED
    return OK


def check_place(path: Path) -> None:
    """Raises OutputError now rather than after minutes; makes the folder of the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path.parent}: cannot be made: {error.strerror or error}. Choose another by -o."
        ) from error
    check_folder(path)


def _bake(
    scene: Scene, given: list[Camera], seconds: float, steps: int | None, progress: Progress
) -> tuple[Splats, list[str]]:
    """The scene with its weights, and how good they are, in lines for people."""
    from ...render.baking import SIZE, Bakery
    from ...render.fit import compare

    splats = scene.splats
    anchors = given or [from_viewpoint(v, *SIZE) for v in scene.viewpoints.values()]
    bakery = Bakery(splats, anchors)
    fitted = bakery.fit(progress)
    baked, learned = replace(splats, fitted=fitted), None
    if seconds:
        learned = bakery.learn(fitted, seconds, progress, steps=steps)
        if learned is not fitted:
            baked = replace(baked, learned=learned)
    default = OitWeights(DEFAULT_BETA, np.zeros((len(splats), 4), np.float32))
    named = {"weighted, unfitted": default, "weighted, fitted": fitted}
    if learned is not None:
        named["learned"] = learned
    held = bakery.held_back()
    quality = compare(splats, list(named.values()), held)
    lines = [f"{name}: {value:.2f} dB" for name, value in zip(named, quality)]
    if learned is fitted:
        lines.append("nothing better was learned in this time; the fitted weights were kept")
    return baked, [f"against sorted, over {len(held)} views that were not fitted to:", *lines]


class Interruptible:
    """A progress callback that raises Cancelled once after it was asked to.

    Attributes:
        interrupted: whether it has; what goes on after that is with what there was by then.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress, self._asked = progress, threading.Event()
        self.interrupted = False

    def ask(self) -> None:
        """Has the next report raise Cancelled."""
        self._asked.set()

    def __call__(self, fraction: float, stage: str, /) -> None:
        self._progress(fraction, stage)
        if self._asked.is_set():
            self._asked.clear()
            self.interrupted = True
            raise Cancelled("Baking")


@contextmanager
def interruptible(progress: Progress) -> Iterator[Interruptible]:
    """A progress callback that raises Cancelled after Ctrl-C; a second Ctrl-C acts at once.

    Numerical work that is interrupted between two steps leaves its results whole.
    """
    report = Interruptible(progress)
    if threading.current_thread() is not threading.main_thread():
        yield report  # only the main thread is sent signals
        return

    def ask(number: int, frame: object) -> None:
        report.ask()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield report
    finally:
        signal.signal(signal.SIGINT, before)
