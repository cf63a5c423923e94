"""Weights of mode `weighted` fitted to a scene: what `voile bake --oit` does.

The sorted image weighs a splat with alpha times the transmittance T in front of it. The mean of T
over the pixels of a splat, its visibility v = sum T alpha / sum alpha, differs little between views
from about the same side, so log v is fitted by a constant and a linear function of the direction of
view, from a few dozen sorted frames. The weight is then v^gamma exp(-beta u); gamma and beta are
searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..kernels.cpu import visibility
from ..kernels.cpu.frame import Columns
from ..kernels.cpu.grad.entries import add_up
from ..kernels.cpu.grad.lists import each_batch, lists_of
from ..kernels.cpu.grad.shot import Lists
from ..kernels.cpu.workers import Workers, shared_workers, thread_count
from ..scenes.errors import Cancelled
from ..scenes.oit import OitWeights
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .cpu.renderer import CPURenderer
from .frame import FrameRequest
from .metrics import psnr
from .student import Student, columns_of, shot_of

Float32 = NDArray[np.float32]

FLOOR = 1e-3
"""Is added to visibilities before their logarithm is taken."""

RIDGE = 0.02, 0.3
"""How strongly the constant is drawn to the mean over all views, and the slopes to 0."""

_START = 0.75, 10.0  # gamma and beta from which the search begins
_TRIED = 8  # about so many views are searched over
_CHUNK = 1 << 14
_SOLVED = 1 << 15  # splats whose equations are solved at a time


def fit(
    splats: Splats,
    views: Sequence[Camera],
    progress: Progress = silent,
    *,
    keep_best: bool = False,
) -> OitWeights:
    """Fits the weights of mode `weighted` to the sorted image.

    Args:
        splats: the scene.
        views: cameras to fit to; an even choice of them is also what gamma and beta are chosen by.
        progress: reports progress; may raise Cancelled.
        keep_best: where it does while gamma and beta are searched for, the best so far are taken.
    """
    # An odd step, so that views that alternate in some way are all asked.
    tried = views[:: (len(views) // _TRIED) | 1]
    log_visibility = fit_visibility(splats, views, lambda part, stage: progress(0.6 * part, stage))
    return search(
        *(splats, log_visibility, tried),
        lambda part, stage: progress(0.6 + 0.4 * part, stage),
        keep_best=keep_best,
    )


def fit_visibility(splats: Splats, views: Sequence[Camera], progress: Progress = silent) -> Float32:
    """(N, 4) log v = l_0 + l . d by weighted ridge regression over the views."""
    columns, workers, n = columns_of(splats), shared_workers(thread_count()), len(splats)
    equations = np.zeros((n, visibility.EQUATIONS), np.float32)
    pooled = np.zeros((n, 2), np.float32)
    for k, camera in enumerate(views):
        progress(k / len(views), f"Measuring visibility, view {k + 1} of {len(views)}")
        lists, totals = see(splats, columns, camera, workers)

        def add(piece: int, lists=lists, totals=totals, eye=camera.position) -> None:
            start, stop = piece * _CHUNK, min((piece + 1) * _CHUNK, len(lists.splats))
            visibility.add_equations(
                lists.splats, totals, columns.means, eye, FLOOR, start, stop, equations
            )

        workers.map(add, -(-len(lists.splats) // _CHUNK))
        pooled[lists.splats] += totals
    progress(1.0, "Solving for the weights")
    mean = np.log(pooled[:, 0] / np.maximum(pooled[:, 1], 1e-9) + FLOOR)
    # What no view has seen is as visible as the median.
    seen = pooled[:, 1] > 0
    mean[~seen] = np.median(mean[seen]) if seen.any() else 0.0
    found = np.empty((n, 4), np.float32)
    for start in range(0, n, _SOLVED):
        part = slice(start, start + _SOLVED)
        found[part] = _solve(equations[part].astype(np.float64), mean[part].astype(np.float64))
    return found


def see(
    splats: Splats, columns: Columns, camera: Camera, workers: Workers
) -> tuple[Lists, Float32]:
    """The sorted lists of a view, and (M, 2) sum T alpha and sum alpha of every visible splat."""
    lists = lists_of(columns, shot_of(splats, camera, "sorted"), "depth", None, workers)
    seen = np.zeros((len(lists.members), 2), np.float32)

    def measure(tiles: NDArray[np.int64], first: int, last: int) -> None:
        visibility.measure(
            tiles, first, last, lists.starts, lists.members, lists.footprints, camera.height,
            camera.width, seen,
        )  # fmt: skip

    each_batch(lists, workers, measure)
    return lists, add_up(lists.members, seen, len(lists.splats), workers)


def _solve(equations: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, 4) solutions of M normal equations (M, 14) with a ridge about (mean, 0, 0, 0)."""
    upper = np.triu_indices(4)
    matrices = np.zeros((len(equations), 4, 4))
    matrices[:, upper[0], upper[1]] = matrices[:, upper[1], upper[0]] = equations[:, :10]
    ridge = np.array([RIDGE[0], *(RIDGE[1],) * 3])
    matrices += np.diag(ridge)
    right = equations[:, 10:]
    right[:, 0] += ridge[0] * mean
    return np.asarray(np.linalg.solve(matrices, right[..., None])[..., 0], np.float64)


def search(
    splats: Splats,
    log_visibility: Float32,
    views: Sequence[Camera],
    progress: Progress = silent,
    *,
    keep_best: bool = False,
) -> OitWeights:
    """The weights v^gamma exp(-beta u) with the best gamma and beta over views; see `fit`."""
    targets = [sorted_frame(splats, camera)[0] for camera in views]
    student = Student(splats)

    def quality(gamma: float, beta: float) -> float:
        weights = OitWeights(beta, np.float32(gamma) * log_visibility)
        return mean_psnr(student, weights, views, targets)

    (gamma, beta), _ = climb(quality, _START, progress, keep_best=keep_best)
    return OitWeights(beta, np.float32(gamma) * log_visibility)


def climb(
    quality: Callable[[float, float], float],
    start: tuple[float, float],
    progress: Progress = silent,
    rounds: int = 4,
    *,
    keep_best: bool = False,
) -> tuple[tuple[float, float], float]:
    """Pattern search for the best (gamma, beta): steps that are halved where none helps.

    With `keep_best` the best so far is returned where `progress` raises Cancelled.
    """
    known: dict[tuple[float, float], float] = {}
    try:
        return _climb(quality, start, progress, rounds, known)
    except Cancelled:
        if not (keep_best and known):
            raise
        best = max(known, key=known.__getitem__)
        return best, known[best]


def _climb(
    quality: Callable[[float, float], float],
    start: tuple[float, float],
    progress: Progress,
    rounds: int,
    known: dict[tuple[float, float], float],
) -> tuple[tuple[float, float], float]:
    """As `climb`; notes in `known` what was tried."""

    def ask(at: tuple[float, float]) -> float:
        if at not in known:
            known[at] = quality(*at)
            done = min(1.0, len(known) / (5.0 * rounds))
            progress(done, f"Searching for beta, {max(known.values()):.1f} dB")
        return known[at]

    best, step, factor = start, 0.25, 2.0
    for _ in range(rounds):
        moved = True
        while moved:
            gamma, beta = best
            near = [
                (gamma, round(beta * factor, 3)),
                (gamma, round(beta / factor, 3)),
                (round(gamma + step, 3), beta),
                (round(max(0.0, gamma - step), 3), beta),
            ]
            leader = max(near, key=ask)
            moved = ask(leader) > ask(best) and max(leader) < 200.0
            best = leader if moved else best
        step, factor = step / 2, factor**0.5
    return best, ask(best)


def sorted_frame(splats: Splats, camera: Camera) -> tuple[Float32, Float32]:
    """Colour and alpha of the picture that is imitated."""
    renderer = CPURenderer()
    renderer.upload(splats)
    frame = renderer.render(FrameRequest(camera))
    return frame.color, frame.alpha


def compare(
    splats: Splats, candidates: Sequence[OitWeights], views: Sequence[Camera]
) -> list[float]:
    """For each of several weights the mean PSNR over views against the sorted image, dB."""
    targets = [sorted_frame(splats, camera)[0] for camera in views]
    student = Student(splats)
    return [mean_psnr(student, weights, views, targets) for weights in candidates]


def mean_psnr(
    student: Student, weights: OitWeights, views: Sequence[Camera], targets: Sequence[Float32]
) -> float:
    """Mean over views of the PSNR over black against the targets, dB."""
    return float(np.mean([psnr(student.draw(v, weights)[0], t) for v, t in zip(views, targets)]))
