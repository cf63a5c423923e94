"""What only a GPU can prove of the CUDA backend: parity, determinism, and a clean sanitizer.

    python benchmarks/prove_gpu.py [--frames 10000] [--part PARTS] [--small]

parity: every mode on every scene, real ones too, at least 50 dB from `reference`.
views: the debug views that have kernels of their own look as defined.
same: random scenes, views, modes and settings are drawn twice, by two renderers in turn; the bytes
must be equal, frame by frame.
canvas: what the window is drawn by, without a window: frames that no host waits for, of every mode,
with debug views, means and differences, are in memory of no renderer what they are as arrays.
sanitizer: compute-sanitizer runs `--small` and all parts before it under memcheck, racecheck,
synccheck and initcheck; where it is not installed, the commands are printed and the part is not
proved.

PARTS are names with commas; all of them where none is said.

The exit status is 0 where everything asked for holds, 1 where not or where the GPU fails, 2 without
a GPU.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import synthetic
from measured_scenes import SCENES
from numpy.typing import NDArray
from rich.console import Console

import voile
from voile.render import BackendUnavailable, FrameRequest, RenderError, create_renderer
from voile.render.accumulate import Accumulator
from voile.render.cuda.renderer import CUDARenderer
from voile.render.device_frame import Canvas, DeviceFrame
from voile.render.display import developed
from voile.render.heat import heat
from voile.render.inspect import BLENDED, PROJECTED
from voile.render.measuring import difference
from voile.render.metrics import psnr
from voile.scenes.errors import VoileError

MIN_DB = 50.0

CANVAS_ERROR = 1e-4
"""By which a pixel may be off: means and views are worked out in another order, in float32."""

RIMS, STEP = 1e-3, 2e-3
"""Share of pixels that rounding may put on the other side of a splat's rim, and how far one is off
then at the least: a step of a count is more."""

PARTS = "parity,views,same,canvas"
TOOLS = ("memcheck", "racecheck", "synccheck", "initcheck")
FRAMES_PER_SCENE = 100

SYNTHETIC = {"synthetic": "3d", "surfels": "2d", "surfels and ellipsoids": "mixed"}
"""Kinds of the synthetic scenes, by their names."""

SYNTHETIC_COUNT = 20_000

KINDS = ("3d", "2d", "3d", "mixed")
"""Of the random scenes, in turns."""

Make = Callable[[], CUDARenderer]


def parity(
    make: Make,
    size: tuple[int, int],
    scenes: Iterable[str],
    console: Console,
    count: int = SYNTHETIC_COUNT,
) -> bool:
    """Whether every mode draws the reference's picture of every scene; tells each.

    Synthetic ones have `count` splats.
    """
    renderer, reference, holds = make(), create_renderer("reference"), True
    for name in scenes:
        if name in SYNTHETIC:
            splats = synthetic.capture(count, kind=SYNTHETIC[name])
            cameras = [synthetic.view(size)]
        else:
            splats, cameras = SCENES[name](size)
        renderer.upload(splats)
        reference.upload(splats)
        for mode in sorted(renderer.capabilities.modes):
            # Random numbers are compared one by one, and so nothing may be rounded.
            request = FrameRequest(cameras[0], voile.Settings(mode=mode, storage="float32"), seed=1)
            try:
                expected = reference.render(request)
            except RenderError as error:
                console.print(f"{name}, {mode}: left out: {error}")
                continue
            found = psnr(renderer.render(request).premultiplied(), expected.premultiplied())
            good = found >= MIN_DB
            holds &= good
            console.print(f"{name}, {mode}: {found:.1f} dB{'' if good else ', TOO LITTLE'}")
    renderer.close()
    return holds


def views(
    make: Make, size: tuple[int, int], console: Console, count: int = SYNTHETIC_COUNT
) -> bool:
    """Whether views of projected splats are the reference's; tells each."""
    renderer, reference, holds = make(), create_renderer("reference"), True
    for name, kind in SYNTHETIC.items():
        splats = synthetic.capture(count, kind=kind)
        renderer.upload(splats)
        reference.upload(splats)
        for shown in PROJECTED:
            settings = voile.Settings(shown=shown, storage="float32")
            request = FrameRequest(synthetic.view(size), settings)
            a, b = (each.render(request) for each in (renderer, reference))
            off = np.abs(a.premultiplied() - b.premultiplied()).max(axis=2)
            far = float((off > STEP).mean())
            good = far <= RIMS
            if shown == "bins":  # which are no whole numbers
                good = psnr(a.color, b.color) >= MIN_DB
            holds &= good
            console.print(
                f"{name}, {shown}: {far:.2%} of pixels differ{'' if good else ', TOO MANY'}"
            )
    renderer.close()
    return holds


def random_frames(
    frames: int, most: int = 20_000, size: tuple[int, int] = (400, 300), seed: int = 0
) -> Iterable[tuple[voile.Splats, FrameRequest]]:
    """Scenes of up to `most` splats with requests up to a size, the same for the same seed."""
    rng = np.random.default_rng(seed)
    modes = ("sorted", "weighted", "binned", "cells", "stochastic")
    splats = synthetic.capture(1, 0)
    for frame in range(frames):
        if frame % FRAMES_PER_SCENE == 0:
            count = int(np.exp(rng.uniform(np.log(50), np.log(most))))
            kind = KINDS[frame // FRAMES_PER_SCENE % len(KINDS)]
            splats = synthetic.capture(count, int(rng.integers(0, 5)), frame, kind)
        eye = rng.normal(size=3) * 5 + 0.1
        camera = voile.Camera.look_at(
            tuple(eye),
            (0, 0, 0),
            width=int(rng.integers(1, size[0])),
            height=int(rng.integers(1, size[1])),
        )
        settings = voile.Settings(
            mode=modes[rng.integers(len(modes))],
            bins=int(rng.choice([4, 8, 16, 32])),
            splat_scale=float(rng.uniform(0.3, 3)),
            storage=("uint8", "float16", "float32")[rng.integers(3)],
            min_pixels=float(rng.choice([0.0, 0.5])),
        )
        yield splats, FrameRequest(camera, settings, depth=bool(rng.integers(2)), seed=frame)


def digests(make: Make, frames: Iterable[tuple[voile.Splats, FrameRequest]]) -> list[str]:
    """One of every frame's bytes."""
    renderer, found, last = make(), [], None
    for splats, request in frames:
        if splats is not last:
            renderer.upload(splats)
            last = splats
        frame = renderer.render(request)
        digest = hashlib.sha1(frame.premultiplied().tobytes())
        if frame.depth is not None:
            digest.update(frame.depth.tobytes())
        found.append(digest.hexdigest())
    renderer.close()
    return found


def same(make: Make, frames: int, console: Console, **limits: Any) -> bool:
    """Whether two runs of `random_frames` give the same bytes; tells which frames do not."""
    one, two = (digests(make, random_frames(frames, **limits)) for _ in range(2))
    differ = [k for k, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    console.print(f"{frames} random frames drawn twice: {len(differ)} differ {differ[:10] or ''}")
    return not differ


def canvas(
    make: Make, size: tuple[int, int], console: Console, count: int = SYNTHETIC_COUNT
) -> bool:
    """Whether frames that are drawn to a canvas are those that come as arrays; tells each mode.

    Views change while frames are under way, and then rest, so that graphs are made.
    """
    holds, splats = True, synthetic.capture(count)
    cameras = [synthetic.view(size, step) for step in (0, 1, 2, 3, 3, 3, 3, 3)]
    ways = [{"mode": mode} for mode in ("sorted", "weighted", "binned", "cells", "stochastic")]
    ways += [{"shown": shown} for shown in (*BLENDED, *PROJECTED)]
    ways += [{"shown": "error", "mode": "weighted"}]
    for way in ways:
        settings, renderer = voile.Settings(**way), make()
        renderer.upload(splats)
        requests = [FrameRequest(camera, settings) for camera in cameras]
        drawn, outcomes = [], []
        for _ in range(3):  # until there is room
            drawn = [_drawn(renderer, request) for request in requests]
            outcomes = [frame.outcome(True) for frame, _ in drawn]
        expected = [renderer.render(request).premultiplied() for request in requests]
        far = _off([pixels for _, pixels in drawn], expected)
        good = far <= CANVAS_ERROR and all(outcome and outcome.whole for outcome in outcomes)
        holds &= good
        console.print(
            f"canvas, {way}: {len(drawn)} frames, {far:.1g} off{'' if good else ', TOO MUCH'}"
        )
        renderer.close()
    for view in ("colour", "depth"):
        holds &= _mean_holds(make, splats, cameras[0], console, view)
    return _difference_holds(make, splats, cameras[0], console) and holds


def _drawn(
    renderer: CUDARenderer, request: FrameRequest, *, averaged: bool = False
) -> tuple[DeviceFrame, Any]:
    """A frame on a canvas, which is a tensor's memory."""
    place, pixels = _canvas(renderer, request.camera)
    return renderer.draw(request, place, averaged=averaged, kept=not averaged), pixels


def _canvas(renderer: CUDARenderer, camera: voile.Camera) -> tuple[Canvas, Any]:
    """A canvas and its pixels, of which none is a number yet."""
    work, shape = renderer.work, (camera.height, camera.width, 4)
    pixels = work.torch.full(shape, float("nan"), device=work.launcher.device)
    return Canvas((camera.width, camera.height), pixels.data_ptr(), lambda: None), pixels


def _difference_holds(
    make: Make, splats: voile.Splats, camera: voile.Camera, console: Console
) -> bool:
    """Whether two pictures are as far apart on the GPU as on the host, and are shown so."""
    renderer, look = make(), {"exposure": 0.5, "tone_mapping": "neutral"}
    renderer.upload(splats)
    ways = [voile.Settings(mode=mode, **look) for mode in ("sorted", "weighted")]
    requests = [FrameRequest(camera, settings) for settings in ways]
    a, b = (developed(renderer.render(each), ways[0]).over((0, 0, 0)) for each in requests)
    kept = [_drawn(renderer, request)[0].picture for request in requests]
    assert kept[0] is not None
    place, pixels = _canvas(renderer, camera)
    found = kept[0].difference(kept[1], ways[0], place)
    assert found is not None
    expected = difference(a, b, with_ssim=False)
    colors = heat(expected.absolute, found.limit)
    far = _off([pixels[..., :3]], [colors]) * found.limit / 255  # of what the colours say
    good = abs(found.psnr - expected.psnr) <= 0.01 and far <= CANVAS_ERROR
    renderer.close()
    console.print(f"canvas, difference of two pictures: {'the same' if good else 'NOT the same'}")
    return good


def _off(drawn: list[Any], expected: list[NDArray[np.float32]]) -> float:
    """The most that a pixel is off by; not a number where one was not drawn."""
    return float(np.max([np.abs(a.cpu().numpy() - b).max() for a, b in zip(drawn, expected)]))


def _mean_holds(
    make: Make, splats: voile.Splats, camera: voile.Camera, console: Console, view: Any
) -> bool:
    """Whether a mean on the GPU is that of the host."""
    settings = voile.Settings(mode="stochastic", shown=view)
    renderer, request = make(), FrameRequest(camera, settings)
    renderer.upload(splats)
    host, device, kept = Accumulator(), Accumulator(), renderer.new_mean()
    shown, expected = [], []
    for _ in range(8):
        frame, pixels = _drawn(renderer, device.next(request), averaged=True)
        device.add_to(kept, frame)
        shown.append(pixels)
        expected.append(host.add(renderer.render(host.next(request))).premultiplied())
    far = _off(shown, expected)
    renderer.close()
    good = far <= CANVAS_ERROR
    console.print(f"canvas, mean of 8 frames, {view}: {far:.1g} off{'' if good else ', TOO MUCH'}")
    return good


def sanitizer_commands() -> list[list[str]]:
    """Each tool of compute-sanitizer on a small run of this script."""
    script = [sys.executable, __file__, "--small", "--part", PARTS]
    return [
        ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", *script] for tool in TOOLS
    ]


def sanitizer(console: Console, run: Callable[..., Any] = subprocess.run) -> bool:
    """Whether all tools end without a finding."""
    holds, there = True, shutil.which("compute-sanitizer") is not None
    # Every tensor in memory of its own: beyond its end is then nobody's.
    apart = {**os.environ, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    for command in sanitizer_commands():
        if not there:
            console.print("not run, compute-sanitizer is not installed: " + " ".join(command))
            holds = False
            continue
        status = run(command, env=apart).returncode
        console.print(f"{command[2]}: {'clean' if status == 0 else f'status {status}'}")
        holds &= status == 0
    return holds


def main(arguments: list[str] | None = None, make: Make = CUDARenderer) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--frames", type=int, default=10_000, help="random frames")
    parser.add_argument("--part", default=f"{PARTS},sanitizer", help="comma separated")
    parser.add_argument("--small", action="store_true", help="little of everything")
    options, console = parser.parse_args(arguments), Console(soft_wrap=True)
    try:
        make().close()
    except BackendUnavailable as error:
        console.print(f"This proof needs an NVIDIA GPU: {error}")
        return 2
    size, scenes, count, limits = (320, 180), [*SCENES, *SYNTHETIC], SYNTHETIC_COUNT, {}
    if options.small:
        size, scenes, count = (40, 24), ["random", "surfels"], 200
        options.frames = min(options.frames, 4)
        limits = {"most": 200, "size": (40, 30)}
    parts: dict[str, Callable[[], bool]] = {
        "parity": lambda: parity(make, size, scenes, console, count),
        "views": lambda: views(make, size, console, count),
        "same": lambda: same(make, options.frames, console, **limits),
        "canvas": lambda: canvas(make, size, console, count),
        "sanitizer": lambda: sanitizer(console),
    }
    asked = options.part.split(",")
    if unknown := set(asked) - set(parts):
        parser.error(f"--part: there is no {', '.join(sorted(unknown))}; parts: {', '.join(parts)}")
    outcomes = []
    for name in asked:
        try:
            outcomes.append(parts[name]())
        except VoileError as error:  # one part tells nothing of the others
            console.print(f"{name}: failed: {error}")
            outcomes.append(False)
    console.print("everything holds" if all(outcomes) else "NOT everything holds")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
