"""Meshes on the image plane: what is nearest at every pixel, before any light falls on it."""

from .surface import Surface

__all__ = ["Surface"]
