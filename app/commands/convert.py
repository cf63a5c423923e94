"""`voile convert`: one scene format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ...scenes.errors import SceneFormatError
from ...scenes.io import save, writable_format
from ...scenes.io.losses import losses
from ...scenes.io.vis import is_image
from ...scenes.scene import open_scene
from .console import progress_bar, size_text
from .images import render_image


def convert(
    scene: str,
    target: Path,
    /,
    *,
    to: str | None = None,
    force: Annotated[bool, Parameter(negative="")] = False,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Writes a scene in another format and says what is lost; an image made of splats as pixels.

    Parameters
    ----------
    scene
        Scene file or folder, or "builtin".
    target
        File to write; its extension chooses the format.
    to
        Format to write: ply, splat or spz, where the extension does not say.
    force
        Overwrite an existing file.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar.
    """
    image = is_image(Path(scene))
    if image and to is not None:
        raise SceneFormatError(
            target, "format", f"{to!r} holds no image", "Leave out --to; write .png, .npy or .exr."
        )
    chosen = None if image else writable_format(target, to)
    if target.exists() and not force:
        raise SceneFormatError(target, "file", "exists already", "Use --force to overwrite it.")
    if chosen is None:
        return render_image(Path(scene), target, backend="cpu", background=None, quiet=quiet)
    with progress_bar(quiet) as progress:
        opened = open_scene(scene, progress, drop_invalid=drop_invalid)
        save(opened.splats, target, chosen.name, progress)
    if not quiet:
        size = size_text(target.stat().st_size)
        print(f"{target}: {chosen.title}, {len(opened.splats):,} splats, {size}")
        for sentence in losses(opened.splats, chosen):
            print(f"  {sentence}")
    return 0
