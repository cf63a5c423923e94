"""`voile render`: pictures without a window."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from ...render.accumulate import draw_whole
from ...render.camera import Camera
from ...render.film import FILMS, check_film, film_size, prepare_scene, render_film
from ...render.finish import finished
from ...render.frame import DepthKind, Frame, FrameRequest
from ...render.output import (
    OutputError,
    check_folder,
    check_output,
    numbered,
    save_depth,
    save_frame,
)
from ...render.renderer import Renderer, create_renderer
from ...render.settings import Settings
from ...scenes.io.vis import is_image
from ...scenes.material_names import coat_named
from ...scenes.progress import Progress
from ...scenes.scene import open_scene
from .cameras import DEFAULT_SIZE, choose_cameras, parse_size
from .console import progress_bar
from .images import render_image
from .posters import with_posters
from .settings_flags import SETTINGS, SettingsFlags, to_settings

IMAGES = Group("Images made of splats")


def render(
    scene: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    camera: Annotated[list[Path] | None, Parameter(negative="")] = None,
    view: Annotated[list[str] | None, Parameter(negative="")] = None,
    orbit: int | None = None,
    cameras: Annotated[Path | None, Parameter(negative="")] = None,
    path: Annotated[Path | None, Parameter(negative="")] = None,
    fps: float = 30.0,
    quality: int = 80,
    size: str | None = None,
    backend: str = "cpu",
    background: str | None = None,
    preset: str | None = None,
    settings: Annotated[Path | None, Parameter(negative="")] = None,
    depth: Path | None = None,
    depth_kind: DepthKind = "mean",
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    mesh: Annotated[list[Path] | None, Parameter(negative="")] = None,
    poster: Annotated[list[str] | None, Parameter(negative="")] = None,
    material: str | None = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    scale: Annotated[float | None, Parameter(group=IMAGES)] = None,
    region: Annotated[str | None, Parameter(group=IMAGES)] = None,
    strongest: Annotated[int | None, Parameter(group=IMAGES)] = None,
    detail: Annotated[float | None, Parameter(group=IMAGES)] = None,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
    flags: Annotated[SettingsFlags, SETTINGS] = SettingsFlags(),  # noqa: B008 - frozen
) -> int:
    """Draws a scene into files, without a window.

    One view writes OUTPUT itself. Several views (more than one --camera or --view, --orbit N,
    --cameras or --path) write numbered files: out.png becomes out_0000.png, out_0001.png, ...; a
    %04d in the name says where the number goes. A film, .mp4 or .webp, holds them all.

    Parameters
    ----------
    scene
        Scene file or folder, a mesh, "builtin" or "builtin:materials", or an image made of splats
        (.vis).
    output
        .png; .npy (float32 (H, W, 4), colour premultiplied and unclamped, alpha); .exr; or a film,
        .mp4 or .webp.
    camera
        Camera JSON (width, height, fx, fy, cx, cy, world_to_camera); its size is the default.
    view
        front, back, left, right, top, bottom, iso, or a viewpoint of the scene.
    orbit
        This many views around the scene, from the first view on.
    cameras
        Cameras of a capture, each is drawn: cameras.json, transforms.json, or a model of COLMAP's.
    path
        Camera path, as the window saves it.
    fps
        Frames a second of a path or a film.
    quality
        Of a film, 1 to 100; 100 is without loss for .webp.
    size
        WIDTHxHEIGHT in pixels; a camera keeps its vertical view. An MP4 makes an odd side even.
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
    depth_kind
        mean, or median: where transmittance comes to 0.5, with mode sorted.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    mesh
        A mesh (.glb, .gltf, .obj, .stl, .off) to put among the splats; may be given more than once.
    poster
        An image made of splats that stands in the scene: FILE.vis, or
        FILE.vis@x,y,z[,size[,rx,ry,rz]][,billboard] in world units and degrees; in the middle,
        facing the first view, unless given. May be given more than once.
    material
        What splats and meshes are made of: ceramic, brushed, car-paint, fabric, or a .vnm file that
        `voile bake-material` has made. Settings relight and material_tint mix it with
        what was captured.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    scale
        Pixels of the picture for one of the image; 1 unless given, or what --size says.
    region
        left,top,width,height in pixels of the image; all of it unless given.
    strongest
        How many Gaussians count at a pixel, 1 to 10.
    detail
        Share of the Gaussians, 0 to 1: the first ones are the image in less detail.
    quiet
        No progress bar.
    """
    if depth_kind != "mean" and depth is None:
        raise OutputError(f"--depth-kind {depth_kind} needs a file for the depths: --depth FILE")
    own = {"scale": scale, "region": region, "strongest": strongest, "detail": detail}
    if is_image(Path(scene)):
        of_scenes = {"camera": camera, "view": view, "orbit": orbit, "cameras": cameras,
                     "path": path, "depth": depth, "weights": weights, "mesh": mesh,
                     "poster": poster}  # fmt: skip
        _refuse(of_scenes, "an image made of splats")
        values = to_settings(flags, background, preset, settings)
        color = (0.0, 0.0, 0.0) if output.suffix.lower() == ".png" else None
        return render_image(
            *(Path(scene), output),
            backend=backend,
            background=None if values.get("transparent") else values.get("background", color),
            size=size,
            **own,
            quiet=quiet,
        )
    _refuse(own, "a scene")
    film = output.suffix.lower() in FILMS
    wanted = None if size is None else parse_size(size)
    values = to_settings(flags, background, preset, settings)
    if not {"background", "transparent"} & values.keys():
        values["transparent"] = not film and output.suffix.lower() != ".png"
    chosen = Settings.from_dict(values)
    if film:
        shown = film_size(output, wanted or DEFAULT_SIZE)
        check_film(output, shown, fps, quality, transparent=chosen.transparent)
        if depth is not None:
            raise OutputError(f"{depth}: a film has no depth; write .png or .npy files")
    else:
        check_output(output)
    if depth is not None and depth.suffix.lower() not in (".npy", ".exr"):
        raise OutputError(f"{depth}: depth is written as .npy or .exr, not {depth.suffix!r}")
    if depth is not None:
        check_folder(depth)
        if os.path.abspath(depth) == os.path.abspath(output):
            raise OutputError(f"{depth}: the picture goes there; give --depth another file")
    with progress_bar(quiet) as progress:
        renderer = create_renderer(backend)
        try:
            opened = open_scene(
                scene, progress, drop_invalid=drop_invalid, weights=weights, meshes=mesh or []
            )
            if material is not None:
                opened = opened.with_look(coat_named(material), opened.lights)
            shots = choose_cameras(
                *(opened, camera or [], view or [], orbit, wanted),
                captured=cameras,
                path=path,
                fps=fps,
            )
            if poster:
                opened = with_posters(opened, poster, shots[0])
            prepare_scene(renderer, opened.content, chosen, progress)
            if film:
                asked = shots[0].width, shots[0].height
                shown = film_size(output, asked)
                shots = [each.resized(*shown) for each in shots]
                render_film(
                    *(renderer, shots, output, chosen),
                    fps=fps,
                    quality=quality,
                    progress=progress,
                )
                if not quiet:
                    size = f"{shown[0]}x{shown[1]}"
                    print(f"{output}: {size}, {len(shots)} frames, {len(shots) / fps:.1f} s")
                    if shown != asked:
                        print(f"  MP4 takes even sides; asked for was {asked[0]}x{asked[1]}")
                return 0
            targets = numbered(output, len(shots))
            depths = None if depth is None else numbered(depth, len(shots))
            frame = _draw(renderer, shots, chosen, targets, depths, depth_kind, progress)
        finally:
            renderer.close()
    if not quiet:
        _report(targets, frame)
    return 0


def _refuse(flags: dict[str, object], what: str) -> None:
    """Raises OutputError where a flag is given that means nothing to what is drawn."""
    for name, value in flags.items():
        if value:
            raise OutputError(f"--{name} means nothing to {what}; leave it out")


def _draw(
    renderer: Renderer,
    cameras: list[Camera],
    settings: Settings,
    targets: list[Path],
    depths: list[Path] | None,
    depth_kind: DepthKind,
    progress: Progress,
) -> Frame:
    """Draws each camera into its file; the last frame."""
    frame = None
    for k, camera in enumerate(cameras):

        def part(fraction: float, stage: str, /, done: int = k) -> None:
            progress((done + fraction) / len(cameras), stage)

        request = FrameRequest(camera, settings, depth=depths is not None, depth_kind=depth_kind)
        frame = finished(draw_whole(renderer, request, part, f"Drawing {targets[k].name}"), request)
        save_frame(frame, targets[k], None if settings.transparent else settings.background)
        if depths is not None:
            save_depth(frame, depths[k])
    assert frame is not None
    return frame


def _report(targets: list[Path], frame: Frame) -> None:
    height, width = frame.alpha.shape
    total = sum(frame.timings.values())
    what = str(targets[0]) if len(targets) == 1 else f"{targets[0]} to {targets[-1]}"
    print(f"{what}: {width}x{height}, {frame.stats['visible']:,} splats, {total:.0f} ms a frame")
