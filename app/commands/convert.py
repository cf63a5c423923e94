"""`voile convert`: one scene format to another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from ...render.frame import FrameRequest
from ...render.metrics import psnr
from ...render.output import check_new
from ...render.sample_views import sample_views
from ...render.settings import Settings
from ...scenes.errors import SceneFormatError, VoileError
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


class ConvertError(VoileError):
    """Flags of `voile convert` that do not go together."""


def convert(
    scene: str,
    target: Path,
    /,
    *,
    to: str | None = None,
    latents: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Says what another format cannot hold of a scene, then writes it there.

    An image made of splats is written as pixels.

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
    dry_run
        Only say what would be lost; write nothing.
    force
        Overwrite an existing file.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar, and not a word about what is lost.
    """
    if dry_run and quiet:
        raise ConvertError("--dry-run says what would be lost, and --quiet nothing; give one")
    image = is_image(Path(scene))
    if image and to is not None:
        raise SceneFormatError(
            target, "format", f"{to!r} holds no image", "Leave out --to; write .png, .npy or .exr."
        )
    if image and dry_run:
        raise ConvertError(f"{scene}: --dry-run means nothing to an image made of splats")
    flatten = to == "2d"
    chosen = None if image else writable_format(target, None if flatten else to)
    if not dry_run:
        check_new(target, force)
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
    if not quiet:
        lost = scene_losses(opened, chosen)
        holds = "does not hold all" if lost else "holds all"
        print(f"{target}: {chosen.title} {holds} of this scene")
        for sentence in (*lost, *costs):
            print(f"  {sentence}")
        sys.stdout.flush()  # before it is written, whoever reads it
    if dry_run:
        return 0
    with progress_bar(quiet) as progress:
        save(splats, target, chosen.name, progress)
    if not quiet:
        print(f"{target}: {len(splats):,} splats, {size_text(target.stat().st_size)}")
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
