"""`--poster`: images made of splats that stand in the scene, and where."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...render.camera import Camera
from ...render.posters import facing
from ...render.views import bounding_sphere
from ...scenes.errors import VoileError
from ...scenes.placement import Placement, from_euler
from ...scenes.scene import Scene, poster_node

BILLBOARD = "billboard"


class PosterError(VoileError, ValueError):
    """A poster that stands nowhere; the text says how it is said."""


def with_posters(scene: Scene, posters: Sequence[str], camera: Camera) -> Scene:
    """The scene with posters, each FILE or FILE@x,y,z[,size[,rx,ry,rz]][,billboard].

    What is left out: in the middle of the scene, a radius of it large, facing the camera.

    Raises:
        PosterError: what follows the @ is no place.
        SceneFormatError: a file is no image made of splats.
    """
    from ...render.image.poster import load_poster  # kernels, which few scenes need

    nodes = list(scene.nodes)
    for text in posters:
        path, billboard, numbers = parse_poster(text)
        poster = replace(load_poster(path), billboard=billboard)
        center, radius = bounding_sphere(scene.content)
        at = np.array(numbers[:3] or center)
        size = numbers[3] if len(numbers) > 3 else radius
        placement = facing(camera, at, size)
        if len(numbers) > 4:
            rx, ry, rz = numbers[4:]
            placement = replace(placement, rotation=from_euler((rx, ry, rz)))
        nodes.append(poster_node(path.name, poster, str(path.absolute()), placement))
    return scene.with_nodes(nodes)


def parse_poster(text: str) -> tuple[Path, bool, list[float]]:
    """The file, whether it faces the camera, and 0, 3, 4 or 7 numbers. Raises PosterError."""
    name, at, place = text.rpartition("@")
    if not at or os.path.exists(text):  # of pathlib long names raise
        return Path(text), False, []
    words = [word for word in place.split(",") if word]
    billboard = BILLBOARD in words
    try:
        numbers = [float(word) for word in words if word != BILLBOARD]
        if len(numbers) not in (0, 3, 4, 7):
            raise ValueError
        x, y, z, size, *_ = (*numbers, *(0.0, 0.0, 0.0, 1.0)[len(numbers) :])
        Placement(translation=(x, y, z), scale=size)
    except (ValueError, VoileError):
        raise PosterError(
            f"--poster {text!r}: after @ come x,y,z, then a size in world units, then degrees "
            "about x, y and z, and billboard where it faces the camera"
        ) from None
    return Path(name), billboard, numbers
