"""OpenGL backend: moderngl, GL 4.3 core, a window's context or EGL when headless."""
