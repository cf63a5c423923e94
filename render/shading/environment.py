"""The environment as shading asks for it: turned into the world, and as irradiance.

Irradiance is read from spherical harmonics of degree 2 (Ramamoorthi and Hanrahan 2001, "An
Efficient Representation for Irradiance Environment Maps"), which are exact to about 1 %.
"""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...scenes.lights import Environment
from ...scenes.sh import sh_basis
from ..settings import Settings

Float64 = NDArray[np.float64]

_BANDS = np.array([1.0] + 3 * [2.0 / 3.0] + 5 * [0.25]) * np.pi
"""What a cosine lobe keeps of each harmonic."""

_ROWS = 64  # of the image that irradiance is found from; finer detail does not change it


def environment_frame(up: ArrayLike, degrees: float) -> Float64:
    """(3, 3) from world directions to those of the environment, whose y is up.

    The environment stands on the scene's up vector and is turned about it by an angle. The middle
    of the image is seen towards -z, as from a camera of OpenGL.
    """
    up = np.array(up, np.float64)
    up /= np.linalg.norm(up)
    across = np.eye(3)[np.argmin(np.abs(up))]
    across -= float(across @ up) * up
    across /= np.linalg.norm(across)
    back = np.cross(across, up)
    angle = math.radians(degrees)
    turned = math.cos(angle) * across + math.sin(angle) * back
    return np.array([turned, up, np.cross(turned, up)], np.float64)


def gain(settings: Settings) -> float:
    """What the environment's radiance is multiplied by."""
    return 2.0**settings.environment_exposure


def pixel_directions(height: int, width: int) -> tuple[Float64, Float64]:
    """(H, W, 3) directions of an environment's pixels, and (H, 1) the solid angle of each, sr."""
    v, u = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    polar, azimuth = np.pi * v[:, None], 2.0 * np.pi * (u - 0.5)[None]
    sine = np.sin(polar)
    directions = np.stack(
        [sine * np.sin(azimuth), np.cos(polar) + 0.0 * azimuth, -sine * np.cos(azimuth)], axis=-1
    )
    edges = np.cos(np.pi * np.arange(height + 1) / height)
    return directions, (edges[:-1] - edges[1:])[:, None] * (2.0 * np.pi / width)


def harmonics(environment: Environment) -> Float64:
    """(9, 3) coefficients of irradiance by direction, in the environment's own axes."""
    known = _KNOWN.get(environment)
    if known is None:
        image = _about_as_fine(environment.image.astype(np.float64))
        directions, angles = pixel_directions(*image.shape[:2])
        basis = sh_basis(directions.reshape(-1, 3), 2)
        light = (image * angles[..., None]).reshape(-1, 3)
        known = _KNOWN[environment] = _BANDS[:, None] * (basis.T @ light)
    return known


def irradiance(environment: Environment, to_environment: Float64, normals: NDArray) -> Float64:
    """(..., 3) light that falls on surfaces with these unit normals (..., 3), world axes."""
    turned = np.asarray(normals, np.float64) @ to_environment.T
    basis = sh_basis(turned.reshape(-1, 3), 2)
    return np.maximum(basis @ harmonics(environment), 0.0).reshape(turned.shape)


def _about_as_fine(image: Float64) -> Float64:
    """Of some `_ROWS` rows: means of blocks of pixels, or the same pixels several times."""
    if image.shape[0] < _ROWS:
        times = -(-_ROWS // image.shape[0])
        return image.repeat(times, axis=0).repeat(times, axis=1)
    step = image.shape[0] // _ROWS
    rows, columns = image.shape[0] // step * step, max(1, image.shape[1] // step) * step
    blocks = image[:rows, :columns].reshape(rows // step, step, columns // step, step, 3)
    return blocks.mean(axis=(1, 3))


_KNOWN: WeakKeyDictionary[Environment, Float64] = WeakKeyDictionary()
