// A projected splat, as the compute pass writes it and the draw reads it: 64 bytes.
//
// With the Cholesky factor of the inverse of the projected covariance S',
//     log2(o G(p)) = log2 o - u^2 - v^2,   u = U + a dx + b dy,   v = V + c dy,
// where (dx, dy) = p - centre of the quad. Squaring after the sums, instead of expanding the
// quadratic form, keeps long thin splats exact in float32. U and V are 0 where the quad is centred
// on the splat.

struct Footprint {
    vec4 quad;    // centre x, y and half of the first axis x, y, pixels
    vec4 form;    // a, b, c, log2 of the opacity
    vec4 colour;  // red, green, blue, view depth
    vec4 offset;  // U, V, length of the second axis over that of the first, 1 if visible
};
