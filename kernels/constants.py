"""Constants of splat rasterization, defined once; the GLSL loader injects them into shaders.

Values are those of Kerbl et al. 2023 (the INRIA rasterizer), which trained scenes were fitted to.
"""

ALPHA_MAX = 0.99
"""Largest alpha of one splat at one pixel."""

ALPHA_MIN = 1.0 / 255.0
"""A splat contributes nothing to a pixel where its alpha is below this."""

COV2D_BLUR = 0.3
"""Added to the diagonal of the projected covariance, pixels^2: the low-pass filter of EWA."""

JACOBIAN_MARGIN = 0.3
"""x/z and y/z in the Jacobian are clamped to the image plus this times tan(fov / 2)."""

TRANSMITTANCE_STOP = 1e-4
"""Front-to-back compositing stops below this transmittance (the reference does not stop)."""

SH_C0 = 0.28209479177387814
"""Value of the constant spherical harmonic."""
