"""GLSL sources and their loader."""
