"""The reference material: layers in closed form, that nets learn from and are measured against.

From the top: dust (Lambert) that covers a share of the surface; a clear dielectric coat (GGX, index
1.5); and below it a rough conductor or flakes (anisotropic GGX) beside a diffuse body, by weight.

    f = d f_dust + (1 - d) (c g_coat + T(w_i) T(w_o) (m g_metal + (1 - m) g_body)),
    T(w) = 1 - c F(w . n_coat)

g are microfacet lobes with the height-correlated Smith term (Heitz 2014) and Schlick's Fresnel.
Light is not bent at the coat, nor scattered more than once. Each layer has its own normal n: its
lobe counts a(w_i) a(w_o) with a(w) = min(1, w . n / w . z), for a tilted facet takes no more light
than its tilt lets it. So the whole is reciprocal, and reflects no more than it receives.

The functions take the module that computes, numpy or torch, as their first argument: what is
learned from is what is defined. Directions are as in `decode`.
"""

from __future__ import annotations

import math
from typing import Any

from ...kernels.constants import COAT_F0, LEAST_ROUGHNESS

FIELDS: dict[str, int] = {
    "albedo": 3,
    "specular": 3,
    "metal": 1,
    "roughness": 2,
    "direction": 2,
    "normal": 2,
    "coat": 1,
    "coat_roughness": 1,
    "coat_normal": 2,
    "dust": 1,
    "dust_albedo": 3,
}
"""Numbers of a texel: colours are linear light; metal, coat and dust are weights; roughness is the
alpha of GGX along `direction` and across it, of which (x, y) is in the surface; normals are given
by the slopes (x, y) of (x, y, 1)."""

COUNT = sum(FIELDS.values())


def unpack(p: Any) -> dict[str, Any]:
    """The fields of texels (..., COUNT), each (..., n)."""
    fields, at = {}, 0
    for name, count in FIELDS.items():
        fields[name] = p[..., at : at + count]
        at += count
    return fields


def evaluate(xp: Any, p: Any, w_i: Any, w_o: Any) -> Any:
    """Reflectance (..., 3), 1/sr, without the cosine; zero where a direction is below the surface.

    Args:
        xp: numpy or torch.
        p: (..., COUNT) texels, as `FIELDS`.
        w_i: (..., 3) to the light, unit.
        w_o: (..., 3) to the viewer, unit.
    """
    at = unpack(p)
    coat_frame = frame(xp, at["coat_normal"], None)
    i, o = local(xp, coat_frame, w_i), local(xp, coat_frame, w_o)
    tilt = facing(xp, i, w_i) * facing(xp, o, w_o)
    rough = xp.clip(at["coat_roughness"], LEAST_ROUGHNESS, 1.0)
    coat = at["coat"] * tilt * ggx(xp, i, o, rough, rough, COAT_F0)
    through = _through(xp, at["coat"], i) * _through(xp, at["coat"], o)

    base_frame = frame(xp, at["normal"], at["direction"])
    i, o = local(xp, base_frame, w_i), local(xp, base_frame, w_o)
    tilt = facing(xp, i, w_i) * facing(xp, o, w_o)
    rough = xp.clip(at["roughness"], LEAST_ROUGHNESS, 1.0)
    metal = ggx(xp, i, o, rough[..., :1], rough[..., 1:], at["specular"])
    body = at["albedo"] / math.pi
    base = tilt * (at["metal"] * metal + (1 - at["metal"]) * body)

    dust = at["dust"] * at["dust_albedo"] / math.pi
    above = (w_i[..., 2:] > 0) & (w_o[..., 2:] > 0)
    return xp.where(above, dust + (1 - at["dust"]) * (coat + through * base), 0.0)


def frame(xp: Any, slopes: Any, direction: Any) -> tuple[Any, Any, Any]:
    """Tangent, bitangent and normal of a tilted layer, each (..., 3)."""
    x, y = slopes[..., :1], slopes[..., 1:]
    n = xp.concatenate((x, y, xp.ones_like(x)), -1)
    n = n / xp.sqrt((n * n).sum(-1))[..., None]
    if direction is None:
        t = xp.stack((xp.ones_like(x[..., 0]), 0 * x[..., 0], 0 * x[..., 0]), -1)
    else:
        t = xp.concatenate((direction, 0 * x), -1)
    t = t - (t * n).sum(-1)[..., None] * n
    t = t / xp.sqrt(xp.clip((t * t).sum(-1), 1e-12, None))[..., None]
    return t, _cross(xp, n, t), n


def local(xp: Any, axes: tuple[Any, Any, Any], w: Any) -> Any:
    """A direction along the axes of a frame."""
    return xp.stack(tuple((axis * w).sum(-1) for axis in axes), -1)


def facing(xp: Any, inside: Any, w: Any) -> Any:
    """(..., 1) share of the light from w that a layer takes, w `inside` its frame."""
    return xp.clip(inside[..., 2:] / xp.clip(w[..., 2:], 1e-6, None), 0.0, 1.0)


def ggx(xp: Any, i: Any, o: Any, alpha_x: Any, alpha_y: Any, f0: Any) -> Any:
    """The microfacet lobe F D G / (4 cos cos), directions in the layer's frame."""
    h = i + o
    h = h / xp.sqrt(xp.clip((h * h).sum(-1), 1e-12, None))[..., None]
    hx, hy, hz = h[..., :1] / alpha_x, h[..., 1:2] / alpha_y, h[..., 2:]
    spread = hx * hx + hy * hy + hz * hz
    d = 1 / (math.pi * alpha_x * alpha_y * spread * spread)
    cos_i, cos_o = xp.clip(i[..., 2:], 1e-6, None), xp.clip(o[..., 2:], 1e-6, None)
    g = 0.5 / (cos_i * _stretched(xp, o, alpha_x, alpha_y) + cos_o * _stretched(xp, i, alpha_x, alpha_y))  # fmt: skip  # noqa: E501
    cos_h = xp.clip((i * h).sum(-1), 0.0, 1.0)[..., None]
    return (f0 + (1 - f0) * (1 - cos_h) ** 5) * d * g


def sample(xp: Any, p: Any, w_o: Any, u: Any) -> Any:
    """Directions to the light, roughly where the material reflects to w_o: what training looks at.

    A lobe of the coat, of the metal, or all directions by their cosine, a third each. A direction
    may be below the surface.

    Args:
        u: (..., 3) random numbers in [0, 1).
    """
    at = unpack(p)
    angle = 2 * math.pi * u[..., 0]
    rough = xp.clip(at["coat_roughness"], LEAST_ROUGHNESS, 1.0)
    coat = _mirrored(xp, frame(xp, at["coat_normal"], None), rough, rough, w_o, angle, u[..., 1])
    rough = xp.clip(at["roughness"], LEAST_ROUGHNESS, 1.0)
    axes = frame(xp, at["normal"], at["direction"])
    metal = _mirrored(xp, axes, rough[..., :1], rough[..., 1:], w_o, angle, u[..., 1])
    sine = xp.sqrt(u[..., 1])
    cosine = xp.stack((sine * xp.cos(angle), sine * xp.sin(angle), xp.sqrt(1 - u[..., 1])), -1)
    which = u[..., 2:]
    return xp.where(which < 1 / 3, coat, xp.where(which < 2 / 3, metal, cosine))


def _mirrored(
    xp: Any, axes: tuple[Any, Any, Any], alpha_x: Any, alpha_y: Any, w_o: Any, angle: Any, u: Any
) -> Any:
    """w_o mirrored at a half vector drawn by the lobe's distribution of normals."""
    radius = xp.sqrt(u / (1 - u))[..., None]
    x = alpha_x * radius * xp.cos(angle)[..., None]
    y = alpha_y * radius * xp.sin(angle)[..., None]
    h = x * axes[0] + y * axes[1] + axes[2]
    h = h / xp.sqrt((h * h).sum(-1))[..., None]
    return 2 * (h * w_o).sum(-1)[..., None] * h - w_o


def _through(xp: Any, coat: Any, w: Any) -> Any:
    cosine = xp.clip(w[..., 2:], 0.0, 1.0)
    return 1 - coat * (COAT_F0 + (1 - COAT_F0) * (1 - cosine) ** 5)


def _stretched(xp: Any, w: Any, alpha_x: Any, alpha_y: Any) -> Any:
    x, y, z = alpha_x * w[..., :1], alpha_y * w[..., 1:2], w[..., 2:]
    return xp.sqrt(x * x + y * y + z * z)


def _cross(xp: Any, a: Any, b: Any) -> Any:
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return xp.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), -1)
