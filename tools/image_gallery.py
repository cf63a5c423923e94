"""Makes docs/image-gallery.md: images made of splats, fitted, magnified, filled, and in a scene.

    python tools/image_gallery.py     # some minutes on two cores; every fit has the seed 0

Photographs are those that scikit-image ships.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

import voile
from voile.render.frame import quantise
from voile.render.heat import heat, limit_for
from voile.render.image.cpu import CPUImageRenderer
from voile.render.image.fit import Plan
from voile.render.image.fitting import Fitted, fit_image
from voile.render.image.poster import make_poster
from voile.render.image.source import Source
from voile.render.image.view import ImageView, whole
from voile.render.metrics import psnr
from voile.scenes.content import Content
from voile.scenes.image_splats import ImageSplats
from voile.scenes.placement import Placement, from_euler
from voile.scenes.poster import PlacedPoster
from voile.scenes.scene import open_scene

DOCS = Path(__file__).parent.parent / "docs"
FOLDER = DOCS / "images" / "image-gallery"
STEPS = 400
SIDE = 384
GAP = 6

Pixels = np.ndarray


def photograph(name: str, side: int = SIDE) -> Pixels:
    """(side, side, ...) uint8: the middle square."""
    image = Image.fromarray(getattr(data, name)())
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    box = (left, top, left + edge, top + edge)
    return np.asarray(image.crop(box).resize((side, side), Image.Resampling.LANCZOS))


def fitted(pixels: Pixels, count: int, known: Pixels | None = None) -> Fitted:
    """A fit by so many Gaussians."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    print(f"fitting {pixels.shape} by {count:,}", flush=True)
    return fit_image(Source(pixels, known), Plan(count, STEPS))


def drawn(splats: ImageSplats, view: ImageView | None = None) -> Pixels:
    """(H, W, 3) uint8, what is clear over a chequered ground."""
    renderer = CPUImageRenderer()
    renderer.upload(splats)
    frame = renderer.render(view or whole(splats))
    y, x = np.mgrid[: frame.alpha.shape[0], : frame.alpha.shape[1]] // 12
    ground = (0.55 + 0.15 * ((x + y) % 2))[..., None]
    return quantise(np.asarray(frame.color + (1 - frame.alpha[..., None]) * ground, np.float32))


def strip(name: str, pictures: Sequence[Pixels]) -> str:
    """Writes pictures side by side; the line of Markdown that shows them."""
    height = pictures[0].shape[0]
    width = sum(each.shape[1] for each in pictures) + GAP * (len(pictures) - 1)
    sheet = np.full((height, width, 3), 255, np.uint8)
    x = 0
    for each in pictures:
        each = each if each.ndim == 3 else np.repeat(each[..., None], 3, axis=2)
        sheet[:, x : x + each.shape[1]] = each[..., :3]
        x += each.shape[1] + GAP
    Image.fromarray(sheet).save(FOLDER / f"{name}.webp", quality=82, method=6)
    return f"![{name}](images/image-gallery/{name}.webp)"


def ellipses(splats: ImageSplats, scale: int) -> Pixels:
    """(H, W, 3) where each Gaussian falls to exp(-1/2), in its colour, over a darker picture."""
    fine = 2
    picture = drawn(splats, whole(splats, scale * fine)) // 3
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    turn = np.linspace(0, 2 * math.pi, 49)
    for n in range(len(splats)):
        u, v = np.array([np.cos(turn), np.sin(turn)]) / splats.inverse_scales[n][:, None]
        cos, sin = math.cos(splats.rotations[n]), math.sin(splats.rotations[n])
        at = np.stack([cos * u - sin * v, sin * u + cos * v], axis=1) + splats.means[n]
        color = quantise(np.asarray(0.25 + 0.75 * splats.colors[n, :3], np.float32))
        pen.line([tuple(p) for p in at * (scale * fine)], fill=tuple(map(int, color)), width=2)
    return np.asarray(image.resize((image.width // fine,) * 2, Image.Resampling.BOX))


def counts(name: str) -> list[str]:
    """The original, and fits of it by rising numbers of Gaussians."""
    pixels, pictures, words = photograph(name), [], []
    for count in (300, 1000, 6000):
        found = fitted(pixels, count)
        pictures.append(drawn(found.splats))
        words.append(f"{count:,} ({found.psnr:.1f} dB)")
    return [f"{name}: {', '.join(words)} Gaussians, and the original.", "",
            strip(name, [*pictures, pixels]), ""]  # fmt: skip


def detail() -> list[str]:
    """Shares of one file, and the Gaussians of the coarsest."""
    splats = fitted(photograph("astronaut"), 6000).splats
    shares = [splats.detail(round(share * len(splats))) for share in (0.05, 0.2, 1.0)]
    return ["## One file, in less detail", "",
            "The first 5 % and 20 % of 6,000 Gaussians, all of them, and the ellipses of the "
            "first 5 %.", "",
            strip("detail", [*map(drawn, shares), ellipses(shares[0], 1)]), ""]  # fmt: skip


def magnified() -> list[str]:
    """A part of a picture eight times as large, by pixels, bicubic and splats."""
    pixels = photograph("coffee")
    splats = fitted(pixels, 8000).splats
    left, top, side, scale = 226, 196, 48, 8
    part = Image.fromarray(pixels[top : top + side, left : left + side])
    size = (side * scale,) * 2
    larger = [np.asarray(part.resize(size, how)) for how in
              (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)]  # fmt: skip
    field = drawn(splats, ImageView(*size, scale, left, top))
    return ["## Eight times as large", "",
            "48 x 48 pixels of the coffee cup: as pixels, bicubic, and the field of 8,000 "
            "Gaussians evaluated between them.", "",
            strip("magnified", [*larger, field]), ""]  # fmt: skip


def filled() -> list[str]:
    """Scratches and a disc, filled."""
    pixels = photograph("chelsea", 256)
    y, x = np.mgrid[:256, :256]
    rows, words = [], []
    for name, hole in {
        "scratches": (np.abs((x + 2 * y) % 64 - 2) < 2) | (np.abs(x - y) < 1.5),
        "a disc": (x - 150) ** 2 + (y - 110) ** 2 < 26**2,
    }.items():
        found = fitted(pixels, 3500, ~hole)
        picture = drawn(found.splats)
        torn = pixels.copy()
        torn[hole] = 255
        rows += [torn, picture]
        words.append(f"{name} {psnr(picture[hole] / 255, pixels[hole] / 255):.1f} dB")
    return ["## Holes", "",
            f"What is white is unknown; it is filled from its rim, smoothly ({', '.join(words)} "
            "inside of the hole). Nothing is invented: a wide hole stays a blur.", "",
            strip("holes", rows), ""]  # fmt: skip


def channels() -> list[str]:
    """Grey and RGBA pictures, and where the error is."""
    grey, logo = photograph("camera"), photograph("logo")
    first, second = fitted(grey, 5000), fitted(logo, 2500)
    shown = drawn(first.splats)
    error = np.abs(shown[..., 0].astype(np.float32) - grey) / 255
    limit = limit_for(error)
    return ["## Grey, alpha, and errors", "",
            f"A grey photograph by 5,000 Gaussians ({first.psnr:.1f} dB), its error with white for "
            f"{limit}/255, and a picture with alpha by 2,500 ({second.psnr:.1f} dB).", "",
            strip("channels", [shown, quantise(heat(error, limit)), drawn(second.splats)]),
            ""]  # fmt: skip


def posters() -> list[str]:
    """Posters in the built-in scene, one with alpha, in two modes."""
    scene = open_scene("builtin")
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    alpha = np.clip((0.47 - np.hypot(x, y)) / 0.08, 0, 1) * 255
    round_one = np.dstack([photograph("chelsea"), alpha.astype(np.uint8)])
    square = make_poster(fitted(photograph("coffee"), 4000).splats)
    round_one = make_poster(fitted(round_one, 3000).splats)
    placed = (
        PlacedPoster(square, Placement(from_euler((180, 40, 0)), (-1.5, -0.7, 0.5), 1.1)),
        PlacedPoster(replace(round_one, billboard=True), Placement(translation=(0.4, -0.7, -0.6))),
    )
    content = Content(scene.splats, posters=placed)
    first = next(iter(scene.viewpoints.values()))
    frames = []
    for mode in ("sorted", "binned"):
        camera = voile.Camera.look_at(
            first.position, first.target, first.up, width=560, height=360, fov_y=first.fov_y
        )
        settings = voile.Settings(mode=mode)
        frames.append(voile.render(content, camera, settings).to_rgb8((0.06, 0.06, 0.07)))
    return ["## In a scene", "",
            "A poster on a plane and one with alpha that faces the camera, by `sorted` and by "
            "`binned`, which has no order.", "",
            strip("posters", frames), ""]  # fmt: skip


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0]).parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["# Images made of splats: a gallery", "",
             f"Made by `python tools/image_gallery.py`, {STEPS} steps a fit, from photographs that "
             "scikit-image ships. How it works is in [image-splats.md](image-splats.md).", "",
             "## By number of Gaussians", ""]  # fmt: skip
    for name in ("astronaut", "coffee"):
        lines += counts(name)
    for part in (detail, magnified, filled, channels, posters):
        lines += part()
    (DOCS / "image-gallery.md").write_text("\n".join(lines).rstrip() + "\n")
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{size / 1e6:.2f} MB of pictures")


if __name__ == "__main__":
    main()
