"""How close each backend comes to the reference, and all to independent reference images, in dB.

python benchmarks/parity.py [--size 640x360]

PSNR of colour clamped to [0, 1]. The built-in scene from its viewpoints; the real scenes when they
lie beside the checkout. tests/render/test_parity.py holds the same comparisons to their limits.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import voile
from voile import FrameRequest, Settings
from voile.render import BackendUnavailable, create_renderer
from voile.render.metrics import psnr
from voile.render.views import from_viewpoint
from voile.scenes import builtin

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
import shared_data

COLUMNS = {
    "reference": ("reference", "float32"),
    "cpu": ("cpu", "float32"),
    "gl, 32-bit target": ("gl", "float32"),
    "gl, 16-bit target": ("gl", "float16"),
}


def pictures(splats, cameras):
    """{column: [colour per camera]} of the backends that run here."""
    drawn = {}
    for column, (backend, precision) in COLUMNS.items():
        try:
            renderer = create_renderer(backend)
        except BackendUnavailable as error:
            print(f"{backend}: {error}", file=sys.stderr)
            continue
        renderer.upload(splats)
        settings = Settings(precision=precision)
        drawn[column] = [renderer.render(FrameRequest(c, settings)).color for c in cameras]
        renderer.close()
    return drawn


def add_rows(table, scene, names, expected, drawn):
    for k, name in enumerate(names):
        cells = [f"{psnr(drawn[c][k], expected[k]):.1f}" if c in drawn else "-" for c in COLUMNS]
        table.add_row(scene, name, *cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="640x360")
    width, height = map(int, parser.parse_args().size.split("x"))
    against_reference = Table("scene", "view", *COLUMNS, title="dB against `reference`")
    independent = Table("scene", "view", *COLUMNS, title="dB against independent references")

    views = {n: from_viewpoint(v, width, height) for n, v in builtin.VIEWPOINTS.items()}
    drawn = pictures(builtin.make_scene(), list(views.values()))
    add_rows(against_reference, "built-in", views, drawn["reference"], drawn)
    for scene in dict.fromkeys(path for path, _ in shared_data.REFERENCES.values()):
        path = shared_data.DATA / "scenes" / scene
        if not path.exists():
            continue
        names = [n for n, (p, _) in shared_data.REFERENCES.items() if p == scene]
        cameras, expected, _ = zip(*map(shared_data.reference, names))
        drawn = pictures(voile.load(path), cameras)
        add_rows(against_reference, scene, names, drawn["reference"], drawn)
        add_rows(independent, scene, names, expected, drawn)
    console = Console()
    console.print(against_reference)
    if independent.row_count:
        console.print(independent)


if __name__ == "__main__":
    main()
