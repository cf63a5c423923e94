"""Images made of splats: dB against bits per pixel, speed, other scales, holes.

    python benchmarks/image.py -o out/image.json     # minutes; writes JSON, prints Markdown tables
    python benchmarks/image.py --tables large --photographs 8K --steps 40

Photographs are those that scikit-image ships. CPU seconds are the process's, over all threads.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data
from skimage.restoration import inpaint_biharmonic

from voile.render.image.cpu import CPUImageRenderer
from voile.render.image.fit import Plan
from voile.render.image.fitting import Fitted, fit_image
from voile.render.image.source import Source
from voile.render.image.view import STRONGEST, ImageView, whole
from voile.render.metrics import psnr, ssim
from voile.scenes.image_splats import ImageSplats
from voile.scenes.io.vis import file_bytes

COUNTS = (1000, 3000, 10000)
SCALES = (2.0, 4.0, 7.3)


def photograph(name: str, side: int) -> np.ndarray:
    """(side, side, 3) uint8: the middle square, by Lanczos."""
    image = Image.fromarray(getattr(data, name)())
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    square = image.crop((left, top, left + edge, top + edge))
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def drawn(splats: ImageSplats, view: ImageView) -> np.ndarray:
    """(H, W, 3) as a display shows it."""
    renderer = CPUImageRenderer()
    renderer.upload(splats)
    return np.clip(renderer.render(view).color, 0.0, 1.0)


def fitted(pixels: np.ndarray, count: int, steps: int, known: np.ndarray | None = None) -> Fitted:
    """A fit with the seed 0."""
    return fit_image(Source(pixels, known), Plan(count, steps))


def at_size(pixels: np.ndarray, limit: int, form: str) -> tuple[float, int]:
    """dB and bytes of the best JPEG or WebP that is no larger than a number of bytes."""
    best = (float("-inf"), 0)
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, form, quality=quality)
        if file.tell() <= limit:
            quality_db = psnr(np.asarray(Image.open(file).convert("RGB")) / 255, pixels / 255)
            best = max(best, (quality_db, file.tell()))
    return best


def rates(name: str, side: int, steps: int) -> list[dict[str, Any]]:
    """Fits of one photograph by number of Gaussians, next to JPEG and WebP of that size."""
    pixels, rows = photograph(name, side), []
    for count in COUNTS:
        begun, cpu = time.perf_counter(), time.process_time()
        found = fitted(pixels, count * side * side // 512**2, steps)
        wall, busy = time.perf_counter() - begun, time.process_time() - cpu
        size = file_bytes(len(found.splats), found.bits, 3)
        shown = drawn(found.splats, whole(found.splats))
        rows.append(
            {
                "photograph": name,
                "count": len(found.splats),
                "bpp": 8 * size / side**2,
                "psnr": psnr(shown, pixels / 255),
                "ssim": ssim(shown, pixels / 255),
                "jpeg": at_size(pixels, size, "JPEG")[0],
                "webp": at_size(pixels, size, "WEBP")[0],
                "seconds": wall,
                "cpu_seconds": busy,
            }
        )
        if count == COUNTS[-1]:
            rows[-1] |= speeds(found.splats)
        print(rows[-1], flush=True)
    return rows


def speeds(splats: ImageSplats) -> dict[str, float]:
    """Decoding: whole, by region and by pixel, best of a few."""
    renderer = CPUImageRenderer()
    renderer.upload(splats)
    rng = np.random.default_rng(0)
    points = rng.uniform((0, 0), splats.size, (100_000, 2))

    def best(work, times=7) -> float:
        work()
        taken = []
        for _ in range(times):
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
        return min(taken)

    width, height = splats.size
    everything = best(lambda: renderer.render(whole(splats)))
    region = best(lambda: renderer.render(ImageView(64, 64, 1.0, width / 3, height / 3)))
    single = best(lambda: renderer.pixels(points))
    return {
        "megapixels_per_cpu_second": width * height / everything / 1e6,
        "region_64_ms": 1e3 * region,
        "pixel_us": 1e6 * single / len(points),
        "multiply_adds": STRONGEST * splats.channels,
    }


def scales(name: str, side: int, steps: int) -> list[dict[str, Any]]:
    """A small picture fitted and drawn larger, against the original, next to bicubic."""
    original, rows = photograph(name, side), []
    for scale in SCALES:
        small_side = round(side / scale)
        small = Image.fromarray(original).resize((small_side,) * 2, Image.Resampling.BOX)
        pixels = np.asarray(small)
        found = fitted(pixels, small_side**2 // 6, steps)
        view = ImageView(side, side, side / small_side)
        bicubic = small.resize((side, side), Image.Resampling.BICUBIC)
        rows.append(
            {
                "photograph": name,
                "scale": scale,
                "small": small_side,
                "fit": found.psnr,
                "splats": psnr(drawn(found.splats, view), original / 255),
                "bicubic": psnr(np.asarray(bicubic) / 255, original / 255),
            }
        )
        print(rows[-1], flush=True)
    return rows


def holes(side: int) -> dict[str, np.ndarray]:
    """Masks by name, true where unknown."""
    y, x = np.mgrid[0:side, 0:side]
    scratches = (np.abs((x + 2 * y) % (side // 4) - 2) < 1.5) | (np.abs(x - y) < 1)
    dots = np.random.default_rng(1).random((side, side)) < 0.3
    disc = (x - 0.45 * side) ** 2 + (y - 0.5 * side) ** 2 < (0.14 * side) ** 2
    return {"30 % of the pixels": dots, "scratches": scratches, "one disc": disc}


def fills(name: str, side: int, steps: int) -> list[dict[str, Any]]:
    """Holes filled by splats at half the side, next to biharmonic inpainting; dB in the hole."""
    side //= 2
    pixels, rows = photograph(name, side), []
    for what, hole in holes(side).items():
        begun = time.process_time()
        found = fitted(pixels, side * side // 12, steps, ~hole)
        ours = time.process_time() - begun
        begun = time.process_time()
        biharmonic = inpaint_biharmonic(pixels / 255, hole, channel_axis=2)
        theirs = time.process_time() - begun
        truth = (pixels / 255)[hole]
        rows.append(
            {
                "photograph": name,
                "hole": what,
                "share": float(hole.mean()),
                "splats": psnr(drawn(found.splats, whole(found.splats))[hole], truth),
                "biharmonic": psnr(biharmonic[hole], truth),
                "cpu_seconds": ours,
                "biharmonic_cpu_seconds": theirs,
            }
        )
        print(rows[-1], flush=True)
    return rows


LARGE = 7680, 4320
LARGE_COUNT = 300_000


def mosaic() -> np.ndarray:
    """An 8K picture: photographs, and each of them turned over, six times enlarged and tiled."""
    tiles = [photograph(name, 1440) for name in ("astronaut", "coffee", "chelsea")]
    tiles += [tile[:, ::-1] for tile in tiles]
    width, height = LARGE
    across, down = -(-width // 1440), -(-height // 1440)
    rows = [
        np.concatenate([tiles[(x + 2 * y) % len(tiles)] for x in range(across)], axis=1)
        for y in range(down)
    ]
    return np.ascontiguousarray(np.concatenate(rows)[:height, :width])


def large(_name: str, _side: int, steps: int) -> list[dict[str, Any]]:
    """An 8K picture, fitted and drawn: time, and the most memory of the process by then.

    Peaks are those of the whole process: ask for no other table beside this one.
    """

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    pixels = mosaic()
    before, begun, cpu = peak(), time.perf_counter(), time.process_time()
    found = fitted(pixels, LARGE_COUNT, steps)
    row: dict[str, Any] = {
        "count": len(found.splats),
        "steps": steps,
        "psnr": found.psnr,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "peak_before_mb": before,
        "peak_fit_mb": peak(),
    }
    print(row, flush=True)
    renderer = CPUImageRenderer()
    renderer.upload(found.splats)

    def busy(view: ImageView) -> float:
        begun = time.process_time()
        renderer.render(view)
        return time.process_time() - begun

    busy(ImageView(64, 64))
    row["whole_s"] = busy(whole(found.splats))
    row["region_1080p_s"] = busy(ImageView(1920, 1080, 1.0, 3000, 1500))
    row["minified_s"] = busy(whole(found.splats, 0.25))
    row["peak_mb"] = peak()
    print(row, flush=True)
    return [row]


TABLES = {"scales": scales, "holes": fills, "rates": rates, "large": large}


def tables(result: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown."""
    lines = [
        "| photograph | Gaussians | bits a pixel | splats dB | SSIM | JPEG dB | WebP dB | CPU s |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for r in result["rates"]:
        lines.append(
            f"| {r['photograph']} | {r['count']:,} | {r['bpp']:.2f} | {r['psnr']:.2f} | "
            f"{r['ssim']:.3f} | {r['jpeg']:.2f} | {r['webp']:.2f} | {r['cpu_seconds']:.0f} |"
        )
    lines += [
        "",
        "| photograph | scale | fitted at | splats dB | bicubic dB |",
        "|---|---|---|---|---|",
    ]
    for r in result["scales"]:
        lines.append(
            f"| {r['photograph']} | {r['scale']:g}x | {r['small']} x {r['small']} | "
            f"{r['splats']:.2f} | {r['bicubic']:.2f} |"
        )
    lines += [
        "",
        "| photograph | hole | unknown | splats dB | biharmonic dB | CPU s of both |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    for r in result["holes"]:
        lines.append(
            f"| {r['photograph']} | {r['hole']} | {100 * r['share']:.0f} % | {r['splats']:.2f} | "
            f"{r['biharmonic']:.2f} | {r['cpu_seconds']:.0f}, {r['biharmonic_cpu_seconds']:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("out/image.json"))
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--photographs", nargs="+", default=["astronaut", "coffee", "chelsea"])
    parser.add_argument(
        "--tables", nargs="+", default=["scales", "holes", "rates"], choices=list(TABLES)
    )
    chosen = parser.parse_args()
    result: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    for name in chosen.photographs:
        for table in chosen.tables:
            result[table] += TABLES[table](name, chosen.side, chosen.steps)
            chosen.output.write_text(json.dumps(result, indent=1))
    print(tables(result))


if __name__ == "__main__":
    main()
