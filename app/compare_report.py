"""The page that `voile compare` writes: one HTML file that holds its pictures."""

from __future__ import annotations

import base64
import html
import statistics
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..render.frame import quantise
from ..render.heat import RAMP, heat, limit_for
from ..render.measuring import Difference, Timed, decibels
from ..render.spec import Spec

Row = tuple[str, float, float, float | None, float, float]

MEAN = "mean"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
:root {{ color-scheme:dark }}
body {{ background:#14161a; color:#d7dae0; font:15px/1.5 system-ui,sans-serif; margin:32px auto;
       max-width:1340px; padding:0 24px }}
h1 {{ font-weight:600; font-size:22px; margin-bottom:4px }}
h2 {{ font-size:17px; font-weight:600; margin:44px 0 10px }}
p, figcaption, th {{ color:#969da8 }} b {{ color:#d7dae0; font-weight:600 }}
table {{ border-collapse:collapse; font-variant-numeric:tabular-nums; margin:16px 0 }}
th {{ font-weight:400; text-align:right }} th:first-child, td:first-child {{ text-align:left }}
td, th {{ padding:4px 20px 4px 0; text-align:right }} tr.mean td {{ border-top:1px solid #2c3037 }}
.row {{ display:grid; grid-template-columns:1fr 1fr; gap:20px }}
figure {{ margin:0 }} figcaption {{ font-size:13px; margin-top:4px }}
img {{ display:block; width:100%; background:#000 }}
.pair {{ position:relative }} .pair .top {{ position:absolute; inset:0 }}
.pair .top {{ clip-path:inset(0 50% 0 0) }}
.pair i {{ position:absolute; inset:0 auto 0 50%; border-left:1px solid #fffa }}
input {{ width:100%; margin:6px 0 0; accent-color:#7fb4e6 }}
.ramp {{ height:10px; border-radius:3px; margin-top:8px }}
.ticks {{ display:flex; justify-content:space-between; font-size:13px; color:#969da8 }}
</style>
<h1>{title}</h1>
<p><b>A</b> {a}<br><b>B</b> {b}</p>
{table}
{views}
<script>
for (const box of document.querySelectorAll('.view')) {{
  const slider = box.querySelector('input');
  slider.oninput = () => {{
    box.querySelector('.top').style.clipPath = `inset(0 ${{100 - slider.value}}% 0 0)`;
    box.querySelector('.pair i').style.left = `${{slider.value}}%`;
  }};
}}
</script>
</html>
"""


@dataclass(frozen=True, eq=False)
class Side:
    """One view drawn in one way: its times, and its picture, (H, W, 3) float32."""

    drawn: Timed
    picture: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Compared:
    """One view drawn in both ways, and how they differ."""

    name: str
    a: Side
    b: Side
    difference: Difference


def summary_rows(compared: list[Compared]) -> list[Row]:
    """Name, PSNR, largest error in 1/255, SSIM, and milliseconds of A and B, a row a view.

    Where there are several views a row "mean" follows: PSNR of the mean squared error, the largest
    of the largest errors, means of the rest.
    """
    rows: list[Row] = [
        (
            each.name,
            each.difference.psnr,
            each.difference.max_error,
            each.difference.ssim,
            each.a.drawn.milliseconds,
            each.b.drawn.milliseconds,
        )
        for each in compared
    ]
    if len(rows) > 1:
        similar = [row[3] for row in rows if row[3] is not None]
        rows.append(
            (
                MEAN,
                decibels(statistics.fmean(each.difference.mse for each in compared)),
                max(row[2] for row in rows),
                statistics.fmean(similar) if similar else None,
                statistics.fmean(row[4] for row in rows),
                statistics.fmean(row[5] for row in rows),
            )
        )
    return rows


def row_texts(row: Row) -> list[str]:
    """A row for a table; "equal" for infinite PSNR, a dash for what there is not."""
    name, psnr, largest, similar, a, b = row
    return [
        name,
        "equal" if psnr == float("inf") else f"{psnr:.2f}",
        f"{largest:.1f}",
        "–" if similar is None else f"{similar:.4f}",
        f"{a:.1f}",
        f"{b:.1f}",
    ]


def compare_page(
    scene: str, specs: tuple[Spec, Spec], devices: tuple[str, ...], compared: list[Compared]
) -> str:
    """The page as HTML. All views share the scale of the difference."""
    limit = limit_for(*(each.difference.absolute for each in compared))
    ways = [f"{html.escape(s.label)} ({html.escape(d)})" for s, d in zip(specs, devices)]
    return _PAGE.format(
        title=html.escape(f"{scene}: A against B"),
        a=ways[0],
        b=ways[1],
        table=_table(summary_rows(compared)),
        views="\n".join(_view(each, limit) for each in compared),
    )


def _table(rows: list[Row]) -> str:
    head = "view", "PSNR, dB", "max error, /255", "SSIM", "A, ms", "B, ms"
    lines = ["<tr>" + "".join(f"<th>{word}</th>" for word in head) + "</tr>"]
    for row in rows:
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in row_texts(row))
        lines.append(f"<tr{' class=mean' if row[0] == MEAN else ''}>{cells}</tr>")
    return "<table>" + "".join(lines) + "</table>"


def _view(each: Compared, limit: int) -> str:
    height, width = each.difference.absolute.shape
    size = f'width="{width}" height="{height}" style="height:auto"'
    a, b = (_data(quantise(p)) for p in (each.a.picture, each.b.picture))
    colors = _data(quantise(heat(each.difference.absolute, limit)))
    ramp = ",".join(f"rgb({r},{g},{b})" for r, g, b in quantise(RAMP))
    ticks = "".join(f"<span>{limit * k / 4:.0f}</span>" for k in range(5))
    return f"""<div class="view"><h2>{html.escape(each.name)}, {width} × {height}</h2>
<div class="row">
<figure><img src="{a}" {size} alt="A"><figcaption>A</figcaption></figure>
<figure><img src="{b}" {size} alt="B"><figcaption>B</figcaption></figure>
<figure><div class="pair"><img src="{b}" {size} alt="">
<img class="top" src="{a}" {size} alt=""><i></i></div>
<input type="range" value="50" aria-label="divider">
<figcaption>A on the left of the divider, B on the right</figcaption></figure>
<figure><img src="{colors}" {size} alt="difference">
<div class="ramp" style="background:linear-gradient(90deg,{ramp})"></div>
<div class="ticks">{ticks}</div>
<figcaption>Largest difference of any channel, in 1/255</figcaption></figure>
</div>
{_stages(each)}</div>"""


def _stages(each: Compared) -> str:
    lines = []
    for label, drawn in (("A", each.a.drawn), ("B", each.b.drawn)):
        stages = ", ".join(f"{html.escape(k)} {v:.1f}" for k, v in drawn.stages.items())
        lines.append(
            f"<tr><td>{label}</td><td>{drawn.milliseconds:.1f} ms</td>"
            f'<td style="text-align:left">{stages}</td></tr>'
        )
    head = "<tr><th></th><th>frame, median</th><th style='text-align:left'>by stage, ms</th></tr>"
    return f"<table>{head}{''.join(lines)}</table>"


def _data(pixels: NDArray[np.uint8]) -> str:
    encoded = BytesIO()
    Image.fromarray(pixels).save(encoded, format="PNG")
    return "data:image/png;base64," + base64.b64encode(encoded.getvalue()).decode()
