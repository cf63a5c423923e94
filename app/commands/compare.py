"""`voile compare`: the same views drawn in two ways, side by side, with the difference measured."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ...render.frame import FrameRequest
from ...render.measuring import REPEATS, difference, timed
from ...render.modes import prepare
from ...render.output import OutputError, check_folder, write_whole
from ...render.renderer import Renderer, create_renderer
from ...render.spec import DEFAULT_BACKEND, Spec, parse_spec
from ...scenes.errors import VoileError
from ...scenes.scene import open_scene
from ..compare_report import Compared, Side, compare_page, row_texts, summary_rows
from .cameras import choose_cameras, parse_size, view_names
from .console import progress_bar


def compare(
    scene: str,
    /,
    *,
    a: str = "mode=sorted",
    b: str,
    output: Annotated[Path, Parameter(alias="-o")],
    camera: Annotated[list[Path] | None, Parameter(negative="")] = None,
    view: Annotated[list[str] | None, Parameter(negative="")] = None,
    orbit: int | None = None,
    size: str | None = None,
    backend: str = DEFAULT_BACKEND,
    frames: int = REPEATS,
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Draws views in two ways and reports how far B is from A, and what each costs.

    A way is comma separated key=value: any setting of the renderer, and backend. For example
    --a mode=sorted --b mode=binned,bins=8,backend=cpu

    Parameters
    ----------
    scene
        Scene file or folder, "builtin" or "builtin:materials".
    a
        How the first picture is drawn.
    b
        How the second picture is drawn.
    output
        Report to write, .html; it holds its pictures.
    camera
        Camera JSON; its size is the default.
    view
        front, back, left, right, top, bottom, iso, or a viewpoint of the scene.
    orbit
        This many views around the scene, from the first view on.
    size
        WIDTHxHEIGHT in pixels; a camera keeps its vertical view.
    backend
        What draws where A or B does not say.
    frames
        Frames a view is drawn for its times, the median counts.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar and no table.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{output}: the report is written as .html, not {output.suffix!r}")
    check_folder(output)
    specs = _spec("--a", a, backend), _spec("--b", b, backend)
    wanted = None if size is None else parse_size(size)
    with progress_bar(quiet) as progress, ExitStack() as stack:
        renderers: dict[str, Renderer] = {}
        for spec in specs:
            if spec.backend not in renderers:
                renderers[spec.backend] = create_renderer(spec.backend)
                stack.callback(renderers[spec.backend].close)
        opened = open_scene(scene, progress, drop_invalid=drop_invalid, weights=weights)
        cameras = choose_cameras(opened, camera or [], view or [], orbit, wanted)
        names = view_names(camera or [], view or [], len(cameras))
        for renderer in renderers.values():
            renderer.upload(opened.content)
        prepare(opened.splats, [spec.settings.mode for spec in specs], progress)
        compared = []
        for k, (name, each) in enumerate(zip(names, cameras)):
            progress(k / len(cameras), f"Comparing {name}")
            sides = []
            for spec in specs:
                request = FrameRequest(each, spec.settings)
                drawn = timed(renderers[spec.backend], request, frames)
                sides.append(Side(drawn, drawn.frame.over(spec.settings.background)))
            a_side, b_side = sides
            differs = difference(a_side.picture, b_side.picture)
            compared.append(Compared(name, a_side, b_side, differs))
        devices = tuple(renderers[spec.backend].capabilities.device for spec in specs)
    page = compare_page(opened.name, specs, devices, compared)
    write_whole(output, lambda to: to.write_text(page, encoding="utf-8"))
    if not quiet:
        _print_table(specs, compared)
        print(output)
    return 0


def _spec(flag: str, text: str, backend: str) -> Spec:
    try:
        return parse_spec(text, backend)
    except VoileError as error:
        raise type(error)(f"{flag}: {error}") from None


def _print_table(specs: tuple[Spec, Spec], compared: list[Compared]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("view")
    for heading in ("PSNR dB", "max /255", "SSIM", "A ms", "B ms"):
        table.add_column(heading, justify="right")
    for row in summary_rows(compared):
        table.add_row(*row_texts(row))
    console = Console(highlight=False, markup=False)
    console.print(f"A  {specs[0].label}\nB  {specs[1].label}\n")
    console.print(table)
