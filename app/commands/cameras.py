"""Which views a headless command draws: camera files, names, an orbit."""

from __future__ import annotations

from pathlib import Path

from ...render import views as placed
from ...render.camera import MAX_SIDE, Camera, CameraError
from ...render.camera_path import CameraPath
from ...render.captured import load_cameras
from ...scenes.scene import Scene

DEFAULT_SIZE = (1280, 720)

MOST_VIEWS = 200_000
"""Of one command: nearly two hours of film at 30 frames a second."""


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) from "1280x720". Raises CameraError."""
    width, _, height = text.lower().partition("x")
    if not all(side.isdecimal() and len(side) <= 9 for side in (width, height)):
        raise CameraError(f"size {text!r} is not WIDTHxHEIGHT, for example 1280x720")
    if not (0 < int(width) <= MAX_SIDE and 0 < int(height) <= MAX_SIDE):
        raise CameraError(f"size {text!r}: each side must be 1 to {MAX_SIDE} pixels")
    return int(width), int(height)


def choose_cameras(
    scene: Scene,
    files: list[Path],
    views: list[str],
    count: int | None,
    size: tuple[int, int] | None,
    *,
    captured: Path | None = None,
    path: Path | None = None,
    fps: float = 30.0,
) -> list[Camera]:
    """The cameras that were asked for; the scene's start view if none was.

    Args:
        scene: the scene.
        files: camera JSON; their own size is kept where `size` is None.
        views: names of viewpoints of the scene or of `render.views.VIEWS`.
        count: number of views of an orbit from the only view on; None for no orbit.
        size: width and height, pixels.
        captured: a file of a capture's cameras, of which each is drawn.
        path: a camera path, of which `fps` views a second are drawn.
        fps: frames a second.

    Raises:
        VoileError: no such view, a damaged file, or an orbit that makes no sense.
    """
    width, height = size or DEFAULT_SIZE
    cameras = [Camera.load(each) for each in files]
    if captured is not None:
        cameras += load_cameras(captured)
    if size is not None:
        cameras = [each.resized(*size) for each in cameras]
    for name in views:
        if name in scene.viewpoints:
            cameras.append(placed.from_viewpoint(scene.viewpoints[name], width, height))
        elif name in placed.VIEWS:
            cameras.append(placed.named_view(scene.content, name, width, height))
        else:
            known = ", ".join([*scene.viewpoints, *placed.VIEWS])
            raise CameraError(f"there is no view {name!r}; this scene has {known}")
    if path is not None:
        motion = CameraPath.load(path)
        if motion.duration * fps > MOST_VIEWS:
            raise CameraError(
                f"{path}: {motion.duration:g} s at --fps {fps:g} are more than {MOST_VIEWS:,} views"
            )
        _, radius = placed.bounding_sphere(scene.content)
        cameras += motion.cameras(fps, width, height, min(0.01, 0.01 * radius))
    if not cameras:
        cameras = [placed.start_view(scene, width, height)]
    if count is None:
        return cameras
    if len(cameras) > 1:
        raise CameraError("--orbit goes around from one view; give one --camera or one --view")
    if not 1 <= count <= MOST_VIEWS:
        raise CameraError(f"--orbit is {count}; it must be 1 to {MOST_VIEWS:,} views")
    center, _ = placed.bounding_sphere(scene.content)
    return placed.orbit(cameras[0], center, scene.splats.up, count)


def view_names(files: list[Path], views: list[str], count: int) -> list[str]:
    """A name for each of `count` cameras that `choose_cameras` made."""
    names = [*(path.stem for path in files), *views] or ["start"]
    if len(names) == count:
        return names
    return [f"{names[0]}, {360 * k / count:g}°" for k in range(count)]
