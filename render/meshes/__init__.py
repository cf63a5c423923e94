"""Meshes on the image plane: what is nearest at every pixel, before any light falls on it."""

from .cpu import draw_meshes
from .surface import Surface

__all__ = ["Surface", "draw_meshes"]
