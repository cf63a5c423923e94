"""The layered reference material; for the equations see `voile.render.materials.layered`.

What nets are learned from and measured against is its mean over a footprint, of which a bake draws
hundreds of millions: these kernels are for that, and for the numbers of `benchmarks/materials.py`.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import COAT_F0, LEAST_ROUGHNESS
from .jit import inline, kernel

# Where the fields of `layered.FIELDS` begin.
ALBEDO, SPECULAR, METAL, ROUGHNESS, DIRECTION, NORMAL = 0, 3, 6, 7, 9, 11
COAT, COAT_ROUGHNESS, COAT_NORMAL, DUST, DUST_ALBEDO, COUNT = 13, 14, 15, 17, 18, 21


@kernel
def evaluate(texels, w_i, w_o, found):
    """Reflectance of N points.

    Args:
        texels: (N, COUNT) float32.
        w_i, w_o: (N, 3) float32 unit, to the light and to the viewer.
        found: (N, 3) float32 out, 1/sr.
    """
    for n in range(len(w_i)):
        r, g, b = _one(texels[n], w_i[n], w_o[n])
        found[n, 0], found[n, 1], found[n, 2] = r, g, b


@kernel
def footprint_mean(texture, uv, width, shift, most, w_i, w_o, found):
    """Reflectance of N points, averaged over a square of the texture, by a grid of samples.

    Args:
        texture: (S, S, COUNT) float32, repeating; its fields are bilinear between texel centres.
        uv: (N, 2) float64 middles.
        width: (N,) float64 sides in texels; 0 is a point.
        shift: (N, 2) float64 in [0, 1), of the grid in its cells.
        most: samples of a row; there are two to a texel and one, up to this.
        w_i, w_o, found: as `evaluate`.
    """
    size = len(texture)
    p = np.empty(COUNT, np.float32)
    for n in range(len(uv)):
        rows = min(1 + math.ceil(2.0 * width[n]), most)
        red, green, blue = 0.0, 0.0, 0.0
        for j in range(rows):
            y = uv[n, 1] * size - 0.5 + width[n] * ((j + shift[n, 1]) / rows - 0.5)
            for i in range(rows):
                x = uv[n, 0] * size - 0.5 + width[n] * ((i + shift[n, 0]) / rows - 0.5)
                _bilinear(texture, x, y, p)
                r, g, b = _one(p, w_i[n], w_o[n])
                red += r
                green += g
                blue += b
        count = rows * rows
        found[n, 0], found[n, 1], found[n, 2] = red / count, green / count, blue / count


@inline
def _bilinear(texture, x, y, p):
    size = len(texture)
    left, top = math.floor(x), math.floor(y)
    fx, fy = np.float32(x - left), np.float32(y - top)
    x0, y0 = int(left) % size, int(top) % size
    x1, y1 = (x0 + 1) % size, (y0 + 1) % size
    one = np.float32(1.0)
    a, b, c, d = (one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy
    for k in range(COUNT):
        p[k] = (
            a * texture[y0, x0, k]
            + b * texture[y0, x1, k]
            + c * texture[y1, x0, k]
            + d * texture[y1, x1, k]
        )


@inline
def _one(p, w_i, w_o):
    if not (w_i[2] > 0.0 and w_o[2] > 0.0):
        return 0.0, 0.0, 0.0
    ix, iy, iz, ox, oy, oz, tilt = _tilted(p[COAT_NORMAL], p[COAT_NORMAL + 1], 1.0, 0.0, w_i, w_o)
    rough = min(max(p[COAT_ROUGHNESS], LEAST_ROUGHNESS), 1.0)
    lobe, fresnel = _ggx(ix, iy, iz, ox, oy, oz, rough, rough)
    coat = p[COAT] * tilt * lobe * (COAT_F0 + (1.0 - COAT_F0) * fresnel)
    through = _through(p[COAT], iz) * _through(p[COAT], oz)

    ix, iy, iz, ox, oy, oz, tilt = _tilted(
        p[NORMAL], p[NORMAL + 1], p[DIRECTION], p[DIRECTION + 1], w_i, w_o
    )
    rough = min(max(p[ROUGHNESS], LEAST_ROUGHNESS), 1.0)
    across = min(max(p[ROUGHNESS + 1], LEAST_ROUGHNESS), 1.0)
    lobe, fresnel = _ggx(ix, iy, iz, ox, oy, oz, rough, across)
    metal = tilt * p[METAL] * lobe
    body = tilt * (1.0 - p[METAL]) / math.pi
    dust, bare = p[DUST] / math.pi, 1.0 - p[DUST]
    s0, s1, s2 = p[SPECULAR], p[SPECULAR + 1], p[SPECULAR + 2]
    r = metal * (s0 + (1.0 - s0) * fresnel) + body * p[ALBEDO]
    g = metal * (s1 + (1.0 - s1) * fresnel) + body * p[ALBEDO + 1]
    b = metal * (s2 + (1.0 - s2) * fresnel) + body * p[ALBEDO + 2]
    return (
        dust * p[DUST_ALBEDO] + bare * (coat + through * r),
        dust * p[DUST_ALBEDO + 1] + bare * (coat + through * g),
        dust * p[DUST_ALBEDO + 2] + bare * (coat + through * b),
    )


@inline
def _tilted(x, y, along, across, w_i, w_o):
    """Both directions in the frame of a layer, and the share of light that its tilt lets in."""
    scale = 1.0 / math.sqrt(x * x + y * y + 1.0)
    nx, ny, nz = x * scale, y * scale, scale
    d = along * nx + across * ny
    tx, ty, tz = along - d * nx, across - d * ny, -d * nz
    scale = 1.0 / math.sqrt(max(tx * tx + ty * ty + tz * tz, 1e-12))
    tx, ty, tz = tx * scale, ty * scale, tz * scale
    bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
    i0, i1, i2, o0, o1, o2 = w_i[0], w_i[1], w_i[2], w_o[0], w_o[1], w_o[2]
    iz, oz = nx * i0 + ny * i1 + nz * i2, nx * o0 + ny * o1 + nz * o2
    tilt = min(max(iz / max(i2, 1e-6), 0.0), 1.0) * min(max(oz / max(o2, 1e-6), 0.0), 1.0)
    return (
        tx * i0 + ty * i1 + tz * i2,
        bx * i0 + by * i1 + bz * i2,
        iz,
        tx * o0 + ty * o1 + tz * o2,
        bx * o0 + by * o1 + bz * o2,
        oz,
        tilt,
    )


@inline
def _ggx(ix, iy, iz, ox, oy, oz, along, across):
    """D G / (4 cos cos), and Schlick's (1 - cos)^5."""
    hx, hy, hz = ix + ox, iy + oy, iz + oz
    scale = 1.0 / math.sqrt(max(hx * hx + hy * hy + hz * hz, 1e-12))
    hx, hy, hz = hx * scale, hy * scale, hz * scale
    spread = (hx / along) ** 2 + (hy / across) ** 2 + hz * hz
    d = 1.0 / (math.pi * along * across * spread * spread)
    o = math.sqrt((along * ox) ** 2 + (across * oy) ** 2 + oz * oz)
    i = math.sqrt((along * ix) ** 2 + (across * iy) ** 2 + iz * iz)
    g = 0.5 / (max(iz, 1e-6) * o + max(oz, 1e-6) * i)
    away = 1.0 - min(max(ix * hx + iy * hy + iz * hz, 0.0), 1.0)
    return d * g, away * away * away * away * away


@inline
def _through(coat, cosine):
    away = 1.0 - min(max(cosine, 0.0), 1.0)
    return 1.0 - coat * (COAT_F0 + (1.0 - COAT_F0) * away * away * away * away * away)
