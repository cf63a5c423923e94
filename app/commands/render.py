"""`voile render`: pictures without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ...render import views as placed
from ...render.camera import Camera, CameraError
from ...render.frame import Frame, FrameRequest
from ...render.output import OutputError, check_output, save_depth, save_frame
from ...render.renderer import create_renderer
from ...scenes.scene import Scene, open_scene
from .console import progress_bar
from .settings_flags import SETTINGS, SettingsFlags, parse_background, to_settings

DEFAULT_SIZE = (1280, 720)


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
    depth: Path | None = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
    settings: Annotated[SettingsFlags, SETTINGS] = SettingsFlags(),  # noqa: B008 - frozen
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
        What draws: cpu (no display or driver needed), gl or reference.
    background
        black, white, grey, #rrggbb, r,g,b in 0 to 1, or transparent. PNG: black unless given;
        .npy and .exr: transparent unless given.
    depth
        Also write the depth image, .npy or .exr.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar.
    """
    check_output(output)
    if depth is not None and depth.suffix.lower() not in (".npy", ".exr"):
        raise OutputError(f"{depth}: depth is written as .npy or .exr, not {depth.suffix!r}")
    fallback = "black" if output.suffix.lower() == ".png" else "transparent"
    color = parse_background(background or fallback)
    chosen = to_settings(settings, color)
    wanted = None if size is None else parse_size(size)
    with progress_bar(quiet) as progress:
        renderer = create_renderer(backend)
        try:
            opened = open_scene(scene, progress, drop_invalid=drop_invalid)
            cameras = _cameras(opened, camera or [], view or [], orbit, wanted)
            targets = numbered(output, len(cameras))
            depths = None if depth is None else numbered(depth, len(cameras))
            renderer.upload(opened.splats)
            frame = None
            for k, each in enumerate(cameras):
                progress(k / len(cameras), f"Drawing {targets[k].name}")
                frame = renderer.render(FrameRequest(each, chosen, depth=depths is not None))
                save_frame(frame, targets[k], color)
                if depths is not None:
                    save_depth(frame, depths[k])
        finally:
            renderer.close()
    if frame is not None and not quiet:
        _report(targets, frame)
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) from "1280x720". Raises CameraError."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise CameraError(f"size {text!r} is not WIDTHxHEIGHT, for example 1280x720")
    return int(width), int(height)


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


def _cameras(
    scene: Scene,
    files: list[Path],
    views: list[str],
    count: int | None,
    size: tuple[int, int] | None,
) -> list[Camera]:
    width, height = size or DEFAULT_SIZE
    cameras = [Camera.load(path) for path in files]
    if size is not None:
        cameras = [each.resized(*size) for each in cameras]
    for name in views:
        if name in scene.viewpoints:
            cameras.append(placed.from_viewpoint(scene.viewpoints[name], width, height))
        elif name in placed.VIEWS:
            cameras.append(placed.named_view(scene.splats, name, width, height))
        else:
            known = ", ".join([*scene.viewpoints, *placed.VIEWS])
            raise CameraError(f"there is no view {name!r}; this scene has {known}")
    if not cameras:
        cameras = [placed.start_view(scene, width, height)]
    if count is None:
        return cameras
    if len(cameras) > 1:
        raise CameraError("--orbit goes around from one view; give one --camera or one --view")
    if count < 1:
        raise CameraError(f"--orbit is {count}; it must be the number of views, 1 or more")
    center, _ = placed.bounding_sphere(scene.splats)
    return placed.orbit(cameras[0], center, scene.splats.up, count)


def _report(targets: list[Path], frame: Frame) -> None:
    height, width = frame.alpha.shape
    total = sum(frame.timings.values())
    what = str(targets[0]) if len(targets) == 1 else f"{targets[0]} to {targets[-1]}"
    print(f"{what}: {width}x{height}, {frame.stats['visible']:,} splats, {total:.0f} ms a frame")
