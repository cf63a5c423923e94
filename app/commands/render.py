"""`voile render`: pictures without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ...render.accumulate import Accumulator, accumulates
from ...render.finish import asked, finished
from ...render.frame import Frame, FrameRequest
from ...render.modes import prepare
from ...render.output import OutputError, check_output, save_depth, save_frame
from ...render.renderer import create_renderer
from ...render.settings import Settings
from ...scenes.scene import open_scene
from .cameras import choose_cameras, parse_size
from .console import progress_bar
from .settings_flags import SETTINGS, SettingsFlags, to_settings


def render(
    scene: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    camera: Annotated[list[Path] | None, Parameter(negative="")] = None,
    view: Annotated[list[str] | None, Parameter(negative="")] = None,
    orbit: int | None = None,
    size: str | None = None,
    backend: str = "cpu",
    background: str | None = None,
    preset: str | None = None,
    settings: Annotated[Path | None, Parameter(negative="")] = None,
    depth: Path | None = None,
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
    flags: Annotated[SettingsFlags, SETTINGS] = SettingsFlags(),  # noqa: B008 - frozen
) -> int:
    """Draws a scene into files, without a window.

    One view writes OUTPUT itself. Several views (more than one --camera or --view, or --orbit N)
    write numbered files: out.png becomes out_0000.png, out_0001.png, ...; a %04d in the name says
    where the number goes.

    Parameters
    ----------
    scene
        Scene file or folder, or "builtin".
    output
        .png; .npy (float32 (H, W, 4), colour premultiplied and unclamped, alpha); or .exr.
    camera
        Camera JSON (width, height, fx, fy, cx, cy, world_to_camera); its size is the default.
    view
        front, back, left, right, top, bottom, iso, or a viewpoint of the scene.
    orbit
        This many views around the scene, from the first view on.
    size
        WIDTHxHEIGHT in pixels; a camera keeps its vertical view.
    backend
        What draws: cpu (no display or driver needed), gl, reference or cuda.
    background
        black, white, grey, #rrggbb, r,g,b in 0 to 1, or transparent. PNG: black unless given;
        .npy and .exr: transparent unless given.
    preset
        Fast, Balanced, Best or Exact; flags change it further.
    settings
        JSON file of settings, as the window saves them; preset and flags change them further.
    depth
        Also write the depth image, .npy or .exr.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar.
    """
    check_output(output)
    if depth is not None and depth.suffix.lower() not in (".npy", ".exr"):
        raise OutputError(f"{depth}: depth is written as .npy or .exr, not {depth.suffix!r}")
    values = to_settings(flags, background, preset, settings)
    if not {"background", "transparent"} & values.keys():
        values["transparent"] = output.suffix.lower() != ".png"
    chosen = Settings.from_dict(values)
    color = None if chosen.transparent else chosen.background
    frames = -(-chosen.accumulate // chosen.samples) if accumulates(chosen) else 1
    wanted = None if size is None else parse_size(size)
    with progress_bar(quiet) as progress:
        renderer = create_renderer(backend)
        try:
            opened = open_scene(scene, progress, drop_invalid=drop_invalid, weights=weights)
            cameras = choose_cameras(opened, camera or [], view or [], orbit, wanted)
            targets = numbered(output, len(cameras))
            depths = None if depth is None else numbered(depth, len(cameras))
            renderer.upload(opened.splats)
            prepare(opened.splats, [chosen.mode], progress)
            frame = None
            for k, each in enumerate(cameras):
                request = FrameRequest(each, chosen, depth=depths is not None)
                mean = Accumulator()
                for number in range(frames):
                    progress((k + number / frames) / len(cameras), f"Drawing {targets[k].name}")
                    frame = mean.add(renderer.render(mean.next(asked(request))))
                assert frame is not None
                frame = finished(frame, request)
                save_frame(frame, targets[k], color)
                if depths is not None:
                    save_depth(frame, depths[k])
        finally:
            renderer.close()
    if frame is not None and not quiet:
        _report(targets, frame)
    return 0


def numbered(path: Path, count: int) -> list[Path]:
    """One path per picture: `path` itself for one, else with a number at %0Nd or before the dot."""
    if "%" in path.name:
        try:
            names = [path.name % k for k in range(count)]
        except (TypeError, ValueError) as error:
            raise OutputError(f"{path}: the pattern must hold one number, such as %04d") from error
        if len(set(names)) < count:
            raise OutputError(f"{path}: the pattern must hold one number, such as %04d")
        return [path.with_name(name) for name in names]
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{k:04d}{path.suffix}") for k in range(count)]


def _report(targets: list[Path], frame: Frame) -> None:
    height, width = frame.alpha.shape
    total = sum(frame.timings.values())
    what = str(targets[0]) if len(targets) == 1 else f"{targets[0]} to {targets[-1]}"
    print(f"{what}: {width}x{height}, {frame.stats['visible']:,} splats, {total:.0f} ms a frame")
