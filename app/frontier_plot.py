"""The frontier as SVG, and as a page around it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..render.frontier import Point, frontier
from .chart_axes import MODE_COLORS, OTHER_COLOR, ChartAxes, decibel_text

WIDTH, HEIGHT = 960, 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 64, 96

_STYLE = """text{font:13px system-ui,sans-serif;fill:#969da8;font-variant-numeric:tabular-nums}
.title{font-size:17px;font-weight:600;fill:#dfe3e8}.name{fill:#dfe3e8;font-size:12px}
.grid{stroke:#2c3037}.front{fill:none;stroke:#969da8;stroke-width:1.5;stroke-dasharray:1 4;
stroke-linecap:round}.back{fill:#17191d}"""

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>:root{{color-scheme:dark}}
body{{background:#17191d;color:#dfe3e8;font:14px/1.5 system-ui,sans-serif;margin:24px auto;
max-width:{width}px;padding:0 24px;font-variant-numeric:tabular-nums}}td,th{{padding:3px 24px 3px 0;
text-align:left}}th{{color:#969da8;font-weight:400}}td.n,th.n{{text-align:right}}</style>
{svg}
<table><tr><th>backend</th><th>setting</th><th class="n">ms</th><th class="n">quality</th>
<th></th></tr>{rows}</table></html>
"""


def frontier_svg(title: str, points: Sequence[Point]) -> str:
    """The chart: a dot a point, a line along the frontier of every backend, names along it."""
    axes = ChartAxes(points)
    backends = list(dict.fromkeys(p.backend for p in points))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<style>{_STYLE}</style><rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="34">{html.escape(title)}</text>',
        *_grid(axes),
    ]
    for backend in backends:
        best = frontier([p for p in points if p.backend == backend])
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(axes, p) for p in best))
        parts.append(f'<polyline class="front" points="{line}"/>')
    for point in points:
        parts.append(_dot(axes, point, backends.index(point.backend)))
    parts += _names(axes, points, backends)
    parts += _legend(points, backends)
    return "\n".join([*parts, "</svg>"])


def frontier_page(title: str, points: Sequence[Point]) -> str:
    """The chart and a table of its points, as one HTML file."""
    best = {id(p) for b in {p.backend for p in points} for p in frontier(_of(points, b))}
    rows = "".join(
        f"<tr><td>{p.backend}</td><td>{html.escape(p.label)}</td>"
        f'<td class="n">{p.milliseconds:.1f}</td><td class="n">{decibel_text(p.decibels)}</td>'
        f"<td>{'frontier' if id(p) in best else ''}</td></tr>"
        for p in sorted(points, key=lambda p: (p.backend, p.milliseconds))
    )
    svg = frontier_svg(title, points)
    return _PAGE.format(title=html.escape(title), width=WIDTH, svg=svg, rows=rows)


def _of(points: Sequence[Point], backend: str) -> list[Point]:
    return [p for p in points if p.backend == backend]


def _at(u: float, v: float) -> tuple[float, float]:
    x = _LEFT + u * (WIDTH - _LEFT - _RIGHT)
    return x, HEIGHT - _BOTTOM - v * (HEIGHT - _TOP - _BOTTOM)


def _place(axes: ChartAxes, point: Point) -> tuple[float, float]:
    return _at(*axes.place(point))


def _grid(axes: ChartAxes) -> list[str]:
    parts = []
    for u, text in axes.x_ticks:
        (x, low), (_, high) = _at(u, 0), _at(u, 1)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{low}" y2="{high}"/>')
        parts.append(f'<text x="{x:.1f}" y="{low + 20}" text-anchor="middle">{text}</text>')
    for v, text in axes.y_ticks:
        (left, y), (right, _) = _at(0, v), _at(1, v)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    x, y = _at(1, 0)
    parts.append(f'<text x="{x}" y="{y + 40}" text-anchor="end">milliseconds a frame</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP - 8}">dB against sorted</text>')
    return parts


def _dot(axes: ChartAxes, point: Point, shape: int) -> str:
    color = MODE_COLORS.get(point.settings["mode"], OTHER_COLOR)
    words = f"{point.backend}, {point.label}: {point.milliseconds:.1f} ms"
    hint = f"<title>{html.escape(words)}, {decibel_text(point.decibels)}</title>"
    x, y = _place(axes, point)
    return _shape(shape, x, y, color, hint)


def _shape(shape: int, x: float, y: float, color: str, inside: str = "") -> str:
    """A circle for the first backend, a square and a diamond for the others."""
    if shape == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}">{inside}</circle>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape > 1 else ""
    return (
        f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{color}"{turn}>'
        f"{inside}</rect>"
    )


def _names(axes: ChartAxes, points: Sequence[Point], backends: list[str]) -> list[str]:
    """Names along the frontiers, but for those that would lie over another."""
    parts, taken = [], []
    best = [p for backend in backends for p in frontier(_of(points, backend))]
    for point in sorted(best, key=lambda p: -p.decibels):
        x, y = _place(axes, point)
        width = 7 * len(point.label)
        left = x - width - 10 if x + width > WIDTH - _RIGHT else x + 10
        box = (left, y - 16, left + width, y)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        name = html.escape(point.label)
        parts.append(f'<text class="name" x="{left:.1f}" y="{y - 5:.1f}">{name}</text>')
    return parts


def _legend(points: Sequence[Point], backends: list[str]) -> list[str]:
    parts, x, y = [], float(_LEFT), HEIGHT - 26.0
    for mode in dict.fromkeys(p.settings["mode"] for p in points):
        parts.append(_shape(0, x + 5, y - 4, MODE_COLORS.get(mode, OTHER_COLOR)))
        parts.append(f'<text x="{x + 16}" y="{y}">{html.escape(mode)}</text>')
        x += 40 + 7.5 * len(mode)
    if len(backends) > 1:
        for shape, backend in enumerate(backends):
            parts.append(_shape(shape, x + 25, y - 4, OTHER_COLOR))
            parts.append(f'<text x="{x + 36}" y="{y}">{html.escape(backend)}</text>')
            x += 40 + 7.5 * len(backend)
    return parts
