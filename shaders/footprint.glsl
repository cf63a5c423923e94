// A projected splat, as the compute pass writes it and the draw reads it: 64 bytes.
//
// With the Cholesky factor of the inverse of the projected covariance S',
//     log2(o G(p)) = log2 o - u^2 - v^2,   u = U + a dx + b dy,   v = V + c dy,
// where (dx, dy) = p - centre. Squaring after the sums, instead of expanding the
// quadratic form, keeps long thin splats exact in float32. The centre is the splat's and U = V = 0,
// except for a splat so large that its box cut to the image is smaller than its ellipse: then it is
// the box's.

struct Footprint {
    vec4 axes;    // centre x, y and half of the first axis x, y; pixels
    vec4 form;    // a, b, c, log2 of the opacity
    vec4 colour;  // red, green, blue, view depth
    vec4 offset;  // U, V, second axis over the first in length, and one of:
};

const float INVISIBLE = 0.0;
const float DISC = 1.0;  // covers the ellipse of these axes
const float BOX = 2.0;   // covers the rectangle of these half axes
