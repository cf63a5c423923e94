"""`voile convert`: one scene format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from ...render.frame import FrameRequest
from ...render.metrics import psnr
from ...render.sample_views import sample_views
from ...render.settings import Settings
from ...scenes.errors import SceneFormatError
from ...scenes.io import save, writable_format
from ...scenes.io.losses import scene_losses
from ...scenes.io.vis import is_image
from ...scenes.progress import Progress
from ...scenes.scene import open_scene
from ...scenes.splats import Splats
from ...scenes.surfels import to_surfels
from .console import progress_bar, size_text
from .images import render_image

_VIEWS = 6


def convert(
    scene: str,
    target: Path,
    /,
    *,
    to: str | None = None,
    latents: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Writes a scene in another format and says what is lost; an image made of splats as pixels.

    Parameters
    ----------
    scene
        Scene file or folder, "builtin" or "builtin:materials".
    target
        File to write; its extension chooses the format.
    to
        Format to write: ply, compressed_ply, spz, sog or splat, where the extension does not say.
        Or "2d": every splat becomes a surfel, a disc without its shortest axis, in the extension's
        format; says how many dB that costs, drawn from six views around the scene.
    latents
        Give every splat that wears a neural material the latents of the texture where it is; it
        then keeps its look wherever it is moved. Only .ply holds them.
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
    flatten = to == "2d"
    chosen = None if image else writable_format(target, None if flatten else to)
    if target.exists() and not force:
        raise SceneFormatError(target, "file", "exists already", "Use --force to overwrite it.")
    if chosen is None:
        return render_image(Path(scene), target, backend="cpu", background=None, quiet=quiet)
    if latents and "latent" not in chosen.columns:
        raise SceneFormatError(target, "latents", f"do not fit {chosen.title}", "Write a .ply.")
    with progress_bar(quiet) as progress:
        opened = open_scene(scene, progress, drop_invalid=drop_invalid)
        kept = opened.saved_splats()  # with the names of what it wears
        if latents:
            # Kernels of materials come with it: whoever only converts does not load them.
            from ...render.shading.own_latents import own_latents

            given = own_latents(kept, opened.dress.materials, Settings())
            kept = kept.with_columns(latent=given)
        splats = to_surfels(kept, progress) if flatten else kept
        costs = flattening(opened.splats, splats, progress) if flatten and not quiet else []
        save(splats, target, chosen.name, progress)
    if not quiet:
        size = size_text(target.stat().st_size)
        print(f"{target}: {chosen.title}, {len(splats):,} splats, {size}")
        for sentence in [*costs, *scene_losses(opened, chosen)]:
            print(f"  {sentence}")
    return 0


def flattening(splats: Splats, flat: Splats, progress: Progress) -> list[str]:
    """A sentence about how far the pictures of surfels are from those before."""
    if len(splats) == 0:
        return []
    from ...render.cpu.renderer import CPURenderer  # Numba: whoever only converts does not load it

    renderer, views = CPURenderer(), sample_views(splats, _VIEWS)
    pictures = []
    for k, scene in enumerate((splats, flat)):
        renderer.upload(scene)
        for i, view in enumerate(views):
            progress((k * len(views) + i) / (2 * len(views)), "Comparing pictures")
            pictures.append(renderer.render(FrameRequest(view)).premultiplied())
    found = [psnr(pictures[i], pictures[len(views) + i]) for i in range(len(views))]
    return [
        f"as surfels it looks like before to {np.mean(found):.1f} dB on average, "
        f"{min(found):.1f} dB at worst, in {len(views)} views"
    ]
