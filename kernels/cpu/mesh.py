"""Triangles on the image plane: homogeneous rasterization with a depth buffer.

Olano and Greer 1997, "Triangle Scan Conversion using 2D Homogeneous Coordinates". With the corners
p_i = (f_x x + c_x z, f_y y + c_y z, z) of a triangle as columns of a matrix M, the rows of its
inverse are three functions of the pixel, e_i = (M^-1)_i . (X, Y, 1), which are the barycentric
coordinates over the depth of the point seen there: it is inside where all are >= 0, its depth is
1 / sum e_i, and whatever is linear on the triangle is sum e_i a_i / sum e_i. Nothing has to be
clipped where a corner is behind the camera.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import EDGE_ON, LEAST_SLANT, SEAM
from .jit import inline, kernel
from .texture import sample

SETUP = 9
"""Values of a triangle: its three functions, each by X, by Y and constant."""

U, V, NX, NY, NZ, TX, TY, TZ, FOOTPRINT, RED, GREEN, BLUE, ALPHA = range(13)
"""Planes of what is seen at a pixel: texture coordinates, normal, tangent, the size of a pixel on
the texture, in texture widths, and the texture's colour in linear light and its alpha."""

SURFACE = 13


@kernel
def set_up(vertices, faces, rotation, translation, focal, centre, size, near, start, stop, edges,
           rows):  # fmt: skip
    """Functions of triangles start to stop, and the rows of pixels that they may cover.

    Args:
        vertices: (V, 3) float32, faces (F, 3) int32.
        rotation, translation, focal, centre, size, near: of the `View`.
        edges: (F, 9) float64 out.
        rows: (F, 4) int32 out, first row, row after the last, and the same for columns; none where
            nothing is seen.
    """
    m = np.empty((3, 3))
    for f in range(start, stop):
        rows[f, 0] = rows[f, 1] = rows[f, 2] = rows[f, 3] = 0
        behind, beyond = 0, 0
        left, right, top, bottom = math.inf, -math.inf, math.inf, -math.inf
        for i in range(3):
            n = faces[f, i]
            x, y, z = vertices[n, 0], vertices[n, 1], vertices[n, 2]
            cx = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + translation[0]
            cy = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + translation[1]
            cz = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + translation[2]
            m[0, i] = focal[0] * cx + centre[0] * cz
            m[1, i] = focal[1] * cy + centre[1] * cz
            m[2, i] = cz
            if cz <= near:
                behind += 1
            else:
                beyond += 1
                px, py = m[0, i] / cz, m[1, i] / cz
                left, right = min(left, px), max(right, px)
                top, bottom = min(top, py), max(bottom, py)
        if beyond == 0:
            continue
        if behind:  # the part in view may reach anywhere
            left, right, top, bottom = 0.0, size[0], 0.0, size[1]
        det = (
            m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1])
            - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
            + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0])
        )
        scale = 1.0
        for i in range(3):
            scale *= math.sqrt(m[0, i] ** 2 + m[1, i] ** 2 + m[2, i] ** 2)
        if not abs(det) > EDGE_ON * scale:
            continue
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            edges[f, 3 * i] = (m[1, j] * m[2, k] - m[2, j] * m[1, k]) / det
            edges[f, 3 * i + 1] = (m[2, j] * m[0, k] - m[0, j] * m[2, k]) / det
            edges[f, 3 * i + 2] = (m[0, j] * m[1, k] - m[1, j] * m[0, k]) / det
        # Pixel x has its centre at x + 0.5.
        rows[f, 0] = int(max(0.0, math.ceil(min(top, size[1]) - 0.5)))
        rows[f, 1] = int(min(size[1], math.floor(max(bottom, -1.0) - 0.5) + 1.0))
        rows[f, 2] = int(max(0.0, math.ceil(min(left, size[0]) - 0.5)))
        rows[f, 3] = int(min(size[0], math.floor(max(right, -1.0) - 0.5) + 1.0))


@kernel
def rasterize(edges, rows, faces, uvs, image, near, top, bottom, depth, triangle):
    """The nearest triangle of every pixel in rows top to bottom of the image.

    Args:
        edges, rows: of all triangles, see `set_up`.
        faces, uvs: (F, 3), (V, 2) of the mesh.
        image: its texture, an `Image`.
        near: world units.
        depth: (H, W) float32, in and out: what is nearer than it counts; infinite where nothing is.
        triangle: (H, W) int32 out where something was nearer.
    """
    for f in range(len(edges)):
        first, last = max(top, rows[f, 0]), min(bottom, rows[f, 1])
        for y in range(first, last):
            py = y + 0.5
            a = edges[f, 1] * py + edges[f, 2]
            b = edges[f, 4] * py + edges[f, 5]
            c = edges[f, 7] * py + edges[f, 8]
            for x in range(rows[f, 2], rows[f, 3]):
                px = x + 0.5
                e0 = a + edges[f, 0] * px
                e1 = b + edges[f, 3] * px
                e2 = c + edges[f, 6] * px
                inverse = e0 + e1 + e2
                least = -SEAM * inverse
                if e0 >= least and e1 >= least and e2 >= least and inverse > 0.0:
                    z = np.float32(1.0 / inverse)
                    if near < z < depth[y, x]:
                        if image.cutoff > 0.0:
                            u, v, _, texel = _on_texture(
                                edges, faces, uvs, image.levels[0], f, px, py
                            )
                            alpha = sample(image, u, v, texel)[3]
                            if alpha < image.cutoff:
                                continue
                        depth[y, x] = z
                        triangle[y, x] = f


@kernel
def look_up(edges, vertices, faces, uvs, normals, tangents, eye, image, triangle, top, bottom,
            surface):  # fmt: skip
    """What is seen at every pixel of rows top to bottom.

    Args:
        edges: see `set_up`.
        vertices, faces, uvs, normals, tangents: (V, 3), (F, 3), (V, 2), (V, 3), (V, 3) of the mesh.
        eye: (3,) centre of projection; normals are turned to the side that is seen from it.
        image: its texture, an `Image`.
        triangle: (H, W) int32, -1 where nothing is seen.
        surface: (H, W, 13) float32 out; see `U`.
    """
    for y in range(top, bottom):
        for x in range(triangle.shape[1]):
            f = triangle[y, x]
            if f < 0:
                continue
            px, py = x + 0.5, y + 0.5
            total = 0.0
            nx, ny, nz = 0.0, 0.0, 0.0
            tx, ty, tz = 0.0, 0.0, 0.0
            for i in range(3):
                e = edges[f, 3 * i] * px + edges[f, 3 * i + 1] * py + edges[f, 3 * i + 2]
                n = faces[f, i]
                total += e
                nx += e * normals[n, 0]
                ny += e * normals[n, 1]
                nz += e * normals[n, 2]
                tx += e * tangents[n, 0]
                ty += e * tangents[n, 1]
                tz += e * tangents[n, 2]
            u, v, footprint, texel = _on_texture(edges, faces, uvs, image.levels[0], f, px, py)
            length = math.sqrt(nx * nx + ny * ny + nz * nz)
            scale = 1.0 / length if length > 0.0 else 0.0
            nx, ny, nz = nx * scale, ny * scale, nz * scale
            wx, wy, wz = _to_viewer(edges, vertices, faces, f, px, py, eye)
            side, stretch = _facing(vertices, faces, f, wx, wy, wz, nx, ny, nz)
            surface[y, x, U], surface[y, x, V] = u, v
            surface[y, x, NX], surface[y, x, NY], surface[y, x, NZ] = (
                side * nx,
                side * ny,
                side * nz,
            )
            surface[y, x, TX], surface[y, x, TY] = tx / total, ty / total
            surface[y, x, TZ] = tz / total
            surface[y, x, FOOTPRINT] = footprint * stretch
            r, g, b, alpha = sample(image, u, v, texel)
            surface[y, x, ALPHA] = alpha
            surface[y, x, RED], surface[y, x, GREEN], surface[y, x, BLUE] = r, g, b


@inline
def _to_viewer(edges, vertices, faces, f, px, py, eye):
    """Unit, from triangle f at a pixel."""
    total, x, y, z = 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        e = edges[f, 3 * i] * px + edges[f, 3 * i + 1] * py + edges[f, 3 * i + 2]
        n = faces[f, i]
        total += e
        x += e * (eye[0] - vertices[n, 0])
        y += e * (eye[1] - vertices[n, 1])
        z += e * (eye[2] - vertices[n, 2])
    length = math.copysign(math.sqrt(x * x + y * y + z * z), total)
    return x / length, y / length, z / length


@inline
def _facing(vertices, faces, f, wx, wy, wz, nx, ny, nz):
    """Of triangle f with a normal, seen from w: 1, or -1 where the normal is on the other side;
    and how much longer a pixel is on the round surface that the flat triangle stands for."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ax, ay, az = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
    ux, uy, uz = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
    vx, vy, vz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
    gx, gy, gz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    flat = (gx * wx + gy * wy + gz * wz) / math.sqrt(gx * gx + gy * gy + gz * gz)
    side = -1.0 if (gx * nx + gy * ny + gz * nz) * flat < 0.0 else 1.0
    slant = side * (nx * wx + ny * wy + nz * wz)
    return side, max(1.0, abs(flat) / max(slant, LEAST_SLANT))


@inline
def _on_texture(edges, faces, uvs, finest, f, px, py):
    """Coordinates of triangle f at a pixel; its size in texture widths, and in texels."""
    total, by_x, by_y = 0.0, 0.0, 0.0
    u, u_x, u_y, v, v_x, v_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        a, b = edges[f, 3 * i], edges[f, 3 * i + 1]
        e = a * px + b * py + edges[f, 3 * i + 2]
        n = faces[f, i]
        total += e
        by_x += a
        by_y += b
        u += e * uvs[n, 0]
        u_x += a * uvs[n, 0]
        u_y += b * uvs[n, 0]
        v += e * uvs[n, 1]
        v_x += a * uvs[n, 1]
        v_y += b * uvs[n, 1]
    u, v = u / total, v / total
    u_x, v_x = (u_x - u * by_x) / total, (v_x - v * by_x) / total
    u_y, v_y = (u_y - u * by_y) / total, (v_y - v * by_y) / total
    width, height = finest[1], finest[2]
    return (
        u,
        v,
        max(_hypot(u_x, v_x), _hypot(u_y, v_y)),
        max(_hypot(width * u_x, height * v_x), _hypot(width * u_y, height * v_y)),
    )


@inline
def _hypot(a, b):
    return math.sqrt(a * a + b * b)
