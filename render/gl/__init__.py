"""OpenGL backend."""
