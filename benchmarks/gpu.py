"""The CUDA backend against gsplat, in one run on one machine: times, keys, bytes, and the floor.

    python benchmarks/gpu.py [--counts 1000000,6000000,20000000] [--sizes 1920x1080,3840x2160]
                             [--frames 50] [--json FILE]

Scenes: those of the shared test data where it is there, and synthetic ones (`synthetic.py`), the
smallest of them also made of surfels, which gsplat draws by its 2D Gaussians. A frame's time is
that of the GPU's own timeline, without the copy to the host, for both; the two take turns. "In a
row" is what a frame takes where nobody waits for any but the last, as in the window: by the host's
clock, with launching. PSNR is between their pictures, over colour clamped to [0, 1]. The floor is
what the bytes that a frame has to move take at the bandwidth at which this GPU copies memory,
measured in the same run. Without gsplat (pip install gsplat) its columns are empty; without a GPU
this ends with a message.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import synthetic
from measured_scenes import SCENES
from rich.console import Console
from rich.table import Table

import voile
from voile.kernels.cuda.sources import DISC
from voile.render import BackendUnavailable, FrameRequest
from voile.render.cuda.packing import color_bytes
from voile.render.cuda.renderer import CUDARenderer
from voile.render.device_frame import Canvas, DeviceFrame
from voile.render.metrics import psnr
from voile.scenes.errors import VoileError

FASTER = 2.5
"""How many times faster than gsplat 1.5.3 the frame of 6 M splats at 1080p has to be."""

FROM_FLOOR = 2.0
"""How many times the floor a frame may take."""

Size = tuple[int, int]
Peer = Callable[[voile.Camera], tuple[Any, float]]
"""Draws a view; the picture (H, W, 3) and milliseconds."""


def bytes_moved(
    splats: int,
    visible: int,
    instances: int,
    pixels: int,
    color_bytes: int,
    tile_passes: int = 2,
    disc: int = 0,
) -> dict[str, int]:
    """Bytes that each stage of a sorted frame reads and writes once, with no cache to help or hurt.

    Footprints are 48 bytes, and `disc` more of scenes with surfels; a splat 28 and its colours, a
    depth key with its value 8 (4 passes, each read and written, one more reading of the keys), an
    instance 6.
    """
    return {
        "project": splats * 28 + visible * (color_bytes + 48 + disc + 4 + 4),
        "sort": visible * (4 + 4 * 16),
        "bin": visible * (4 + 48) + instances * (6 + 2 + 12 * tile_passes + 2),
        "rasterize": instances * (4 + 48 + disc) + pixels * 16,
    }


def copy_bandwidth(torch: Any, mebibytes: int = 1024) -> float:
    """Bytes a second, read and written, of a copy within the GPU's memory; the best of ten."""
    source = torch.empty(mebibytes << 20, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    times = []
    for _ in range(11):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        target.copy_(source)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return 2 * len(source) / (1e-3 * min(times[1:]))


def gsplat_peer(splats: voile.Splats) -> Peer | None:
    """gsplat on the same scene, its 2D Gaussians where that is of surfels; None where it is not
    installed, or the scene holds both kinds. Of its two ways to keep what it has projected, packed
    and not, it takes the one that is faster here."""
    try:
        import gsplat
        import torch
    except ImportError:
        return None
    if splats.kind == "mixed":
        return None
    rasterize, more = gsplat.rasterization_2dgs, {}
    if splats.kind == "3d":
        antialiased = voile.Settings().uses_antialiasing(splats.antialiased)
        rasterize, more = (
            gsplat.rasterization,
            {"rasterize_mode": "antialiased" if antialiased else "classic"},
        )
    columns = [
        torch.from_numpy(column.copy()).cuda()
        for column in (splats.means, splats.quats, splats.scales, splats.opacities, splats.sh)
    ]

    def drawn(camera: voile.Camera, packed: bool) -> tuple[Any, float]:
        view = torch.tensor(camera.world_to_camera[None], dtype=torch.float32, device="cuda")
        matrix = [[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]]
        intrinsics = torch.tensor([matrix], dtype=torch.float32, device="cuda")
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        with torch.no_grad():
            color, *_ = rasterize(
                *columns,
                view,
                intrinsics,
                camera.width,
                camera.height,
                near_plane=camera.near,
                sh_degree=splats.sh_degree,
                packed=packed,
                **more,
            )
        end.record()
        end.synchronize()
        return color[0].cpu().numpy(), start.elapsed_time(end)

    faster: list[bool] = []

    def draw(camera: voile.Camera) -> tuple[Any, float]:
        if not faster:
            ways = (True, False)
            drawn(camera, True)  # compiles
            times = {way: min(drawn(camera, way)[1] for _ in range(5)) for way in ways}
            faster.append(min(ways, key=times.__getitem__))
        return drawn(camera, faster[0])

    return draw


def measure(
    renderer: CUDARenderer,
    splats: voile.Splats,
    cameras: list[voile.Camera],
    frames: int,
    bandwidth: float,
    peer: Peer | None,
    console: Console,
) -> dict[str, Any]:
    """Numbers of one scene at one size: medians over frames, cameras in turns."""
    settings = voile.Settings()
    renderer.upload(splats)
    renderer.render(FrameRequest(cameras[0], settings))  # compiles, uploads, makes room
    stages: dict[str, list[float]] = {}
    totals, peers, stats = [], [], []
    picture = other = None
    if peer is not None and (trouble := _trouble(peer, cameras[0])):
        console.print(f"gsplat does not draw this scene: {trouble}")
        peer = None
    for k in range(-2, frames):
        camera = cameras[k % len(cameras)]
        frame = renderer.render(FrameRequest(camera, settings))
        theirs = peer(camera) if peer else None
        if k < 0:  # warms up, both of them
            continue
        if k == 0:
            picture, other = frame.color, theirs[0] if theirs else None
        times = {name: ms for name, ms in frame.timings.items() if name != "download"}
        for name, ms in times.items():
            stages.setdefault(name, []).append(ms)
        totals.append(sum(times.values()))
        stats.append(frame.stats)
        if theirs:
            peers.append(theirs[1])
    counts = {name: int(statistics.median(s[name] for s in stats)) for name in stats[0]}
    camera = cameras[0]
    moved = bytes_moved(
        counts["splats"], counts["visible"], counts["instances"], camera.width * camera.height,
        color_bytes(splats.sh.shape[1], settings.storage),
        disc=0 if splats.kind == "3d" else 4 * DISC,
    )  # fmt: skip
    ms = statistics.median(totals)
    medians = {name: statistics.median(values) for name, values in stages.items()}
    floor = 1e3 * sum(moved.values()) / bandwidth
    result: dict[str, Any] = {
        "size": [camera.width, camera.height],
        "counts": counts,
        "ms": ms,
        "stages_ms": medians,
        "in_a_row_ms": in_a_row(renderer, cameras, frames),
        "depth_keys_per_second": _rate(counts["keys"], medians.get("sort")),
        "instances_per_second": _rate(counts["instances"], medians.get("bin")),
        "bytes": moved,
        "floor_ms": floor,
        "over_floor": ms / floor,
    }
    if peers and other is not None and picture is not None:
        result["gsplat_ms"] = statistics.median(peers)
        result["times_faster"] = result["gsplat_ms"] / ms
        result["psnr"] = psnr(picture, other)
    return result


def in_a_row(renderer: CUDARenderer, cameras: Sequence[voile.Camera], frames: int) -> float:
    """Milliseconds a frame, drawn one behind the other to memory of no renderer."""
    work, settings = renderer.work, voile.Settings()
    width, height = cameras[0].width, cameras[0].height
    pixels = work.new_picture(width, height)
    canvas = Canvas((width, height), pixels.data_ptr(), lambda: None)

    def draw(k: int) -> DeviceFrame:
        return renderer.draw(FrameRequest(cameras[k % len(cameras)], settings), canvas)

    for k in range(2 * len(cameras)):  # room, and graphs
        draw(k).outcome(True)
    begun = time.perf_counter()
    last = [draw(k) for k in range(frames)][-1]
    last.outcome(True)
    return 1e3 * (time.perf_counter() - begun) / frames


def _trouble(peer: Peer, camera: voile.Camera) -> str:
    """Why the peer cannot draw, in a line; empty where it can. It compiles now, if it has to."""
    try:
        peer(camera)
    except Exception as error:  # whatever another's program raises: memory, a compiler, its own
        return (str(error) or type(error).__name__).splitlines()[0]
    return ""


def _rate(count: int, ms: float | None) -> float | None:
    return 1e3 * count / ms if ms else None


def setups(counts: Sequence[int], size: Size) -> Iterable[tuple[str, voile.Splats, list[Any]]]:
    """Name, scene and cameras of everything that is measured; made one after the other."""
    for name, make in SCENES.items():
        if name in ("biker", "playbot"):
            yield name, *make(size)
    for count in counts:
        cameras = [synthetic.view(size, step) for step in range(8)]
        yield f"synthetic {count:,}", synthetic.capture(count), cameras
    if counts:
        least = min(counts)
        cameras = [synthetic.view(size, step) for step in range(8)]
        yield f"surfels {least:,}", synthetic.capture(least, kind="2d"), cameras


def show(console: Console, results: dict[str, dict[str, Any]]) -> None:
    """The table."""
    table = Table(title="milliseconds a frame on the GPU, median", title_justify="left")
    for column in (
        "scene",
        "size",
        "voile",
        "in a row",
        "gsplat",
        "faster",
        "dB between",
        "floor",
        "over it",
    ):
        table.add_column(column, justify="left" if column == "scene" else "right")
    table.add_column("stages, ms")
    for name, r in results.items():
        has = "gsplat_ms" in r
        stages = "  ".join(f"{k} {v:.2f}" for k, v in r["stages_ms"].items())
        table.add_row(
            name.rsplit(" at ", 1)[0],
            "x".join(map(str, r["size"])),
            f"{r['ms']:.2f}",
            f"{r['in_a_row_ms']:.2f}",
            f"{r['gsplat_ms']:.2f}" if has else "",
            f"{r['times_faster']:.2f}" if has else "",
            f"{r['psnr']:.1f}" if has else "",
            f"{r['floor_ms']:.2f}",
            f"{r['over_floor']:.1f}",
            stages,
        )
    console.print(table)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--counts", default="1000000,6000000,20000000", help="synthetic splats")
    parser.add_argument("--sizes", default="1920x1080,3840x2160", help="WIDTHxHEIGHT, pixels")
    parser.add_argument("--frames", type=int, default=50, help="to measure a scene for")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    return parser.parse_args(arguments)


def main(
    arguments: list[str] | None = None,
    make: Callable[[], CUDARenderer] = CUDARenderer,
    bandwidth: Callable[[], float] | None = None,
    peer: Callable[[voile.Splats], Peer | None] = gsplat_peer,
) -> int:
    """Returns the exit status: 2 where there is no GPU, 1 where a scene could not be measured."""
    options, console = parse(arguments), Console()
    if not console.is_terminal:
        console = Console(width=160)
    try:
        renderer = make()
    except BackendUnavailable as error:
        console.print(f"This benchmark needs an NVIDIA GPU: {error}")
        return 2
    if bandwidth is None:
        import torch

        bytes_a_second = copy_bandwidth(torch)
    else:
        bytes_a_second = bandwidth()
    device = renderer.capabilities.device
    console.print(f"{time.strftime('%Y-%m-%d')}, {device}, copies {bytes_a_second / 1e9:.0f} GB/s")
    counts = [int(count) for count in options.counts.split(",") if count]
    results: dict[str, dict[str, Any]] = {}
    report = {
        "date": time.strftime("%Y-%m-%d"), "device": device,
        "copy_bytes_per_second": bytes_a_second, "scenes": results,
        "wanted": {"times_faster": FASTER, "over_floor": FROM_FLOOR},
    }  # fmt: skip
    status = 0
    for text in options.sizes.split(","):
        width, height = map(int, text.split("x"))
        for name, splats, cameras in setups(counts, (width, height)):
            other = None
            try:
                other = peer(splats)
                if other is None and not results:
                    console.print("gsplat is not installed (pip install gsplat): no comparison")
                results[f"{name} at {text}"] = measure(
                    renderer, splats, cameras, options.frames, bytes_a_second, other, console
                )
            except (VoileError, RuntimeError) as error:  # the next scene may be smaller
                console.print(f"{name} at {text}: not measured: {error}")
                status = 1
            del other, splats  # memory for the next
            if options.json:  # what is measured stays, whatever comes
                options.json.write_text(json.dumps(report, indent=1))
    renderer.close()
    show(console, results)
    return status


if __name__ == "__main__":
    sys.exit(main())
