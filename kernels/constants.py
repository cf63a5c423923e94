"""Constants of splat rasterization, defined once; the GLSL loader injects them into shaders.

Values are those of Kerbl et al. 2023 (the INRIA rasterizer), which trained scenes were fitted to.
"""

ALPHA_MAX = 0.99
"""Largest alpha of one splat at one pixel."""

ALPHA_MIN = 1.0 / 255.0
"""A splat contributes nothing to a pixel where its alpha is below this."""

COV2D_BLUR = 0.3
"""Added to the diagonal of the projected covariance, pixels^2: the low-pass filter of EWA."""

SURFEL_BLUR = 0.5
"""Variance of the low-pass filter of surfels around their projected centre, pixels^2
(Huang et al. 2024: sigma = sqrt(2) / 2)."""

JACOBIAN_MARGIN = 0.3
"""x/z and y/z in the Jacobian are clamped to the image plus this times tan(fov / 2)."""

TRANSMITTANCE_STOP = 1e-4
"""Front-to-back compositing stops below this transmittance (the reference does not stop)."""

SH_C0 = 0.28209479177387814
"""Value of the constant spherical harmonic."""

BIN_THICKNESS = 0.1
"""Half of the depth over which a splat is spread in bins, of its standard deviation along the view.
Splats that pass through each other change places over this distance and not at once. More is softer
than needed, and farther from the sorted picture."""

BIN_LEAST_THICKNESS = 1e-3
"""Least such half depth, of x in (-1, 1): a splat without thickness also moves on smoothly."""

BIN_SPREAD = 1.0 / 256.0
"""Least spread of depth that bins are laid out over, of y = 1/2 - z_0 / (z + z_0)."""

BIN_UNIFORM = 0.1
"""Weight that is spread evenly over all bins when edges move; that of what is in them adds to 1."""

BIN_HIDES = 16.0
"""A splat is hidden by what is in its own depth bin by 2 to the power of minus this at most, and so
keeps a weight where a bin has no room for how much is in it."""

LOG2_HIDDEN = -100.0
"""Weights within a cell are at least 2 to this power, a float32 with its sums."""

CELL_SPREAD = 1e-4
"""Least spread of depth in a cell at a pixel, of the mean depth itself: float32 has no more."""

STRONGEST_SLACK = 2.0**-14
"""Of the Gaussians of an image those count at a pixel that are as strong as the K-th but for this
part of it: two loops over the same weights round them apart, steep ones by 3e-5 of themselves."""

LOG2_LOWEST, LOG2_HIGHEST = -100.0, 60.0
"""Weights of a weighted sum stay within these powers of 2, so that float32 sums neither vanish nor
overflow."""

LEAST_SLANT = 0.02
"""Least cosine from a normal to the viewer; blended and interpolated ones can even face away."""

EDGE_ON = 1e-15
"""Determinants below this, of columns of length 1, are rounding: no area of a triangle is seen."""

SEAM = 1e-9
"""Triangles of meshes are larger by this part of their barycentric coordinates: where a pixel's
centre is on the edge of two of them, rounding could put it outside of both."""

NEURAL_MOST_LOG = 12.0
"""Limit of the logarithm of a neural material's reflectance, so that no net can give infinity."""

NEURAL_LEAST_SQUARE = 1e-12
"""Vectors of its frames with a smaller square are not made longer where they become unit ones."""

LATENT_SPREAD = 4.0
"""Texels of a level of a neural material stand for footprints so many times as wide as they are
apart: the closer they are, the less interpolation between them adds to the blur."""

LOBE_LEAST_ALPHA = 0.03
"""Least GGX roughness of the lobe that a neural material draws directions by."""

LOBE_LEAST_SHARE = 0.05
"""Least share of that lobe and of the other, so that every direction is drawn."""

LOBE_MOST_SLOPE = 4.0
"""Limit of the slopes of its normal."""

LEAST_WEIGHT = 1e-3
"""Pixels that materials cover less are not lit."""

MOST_TINT = 8.0
"""Most that a captured colour multiplies a material by."""

CLOSEST_LAMP = 1e-3
"""Point lamps are no nearer to a surface than this, world units."""

SKY_ROWS, SKY_COLUMNS = 64, 128
"""Cells of an environment from which light is drawn."""

COAT_F0 = 0.04
"""Reflectance of a dielectric coat from above: of glass and lacquer, index 1.5."""

LEAST_ROUGHNESS = 0.04
"""Of a layered material: below it a highlight falls between the samples."""
