// Surfels met by rays (Huang et al. 2024); see voile.render.surfels.
//
// Of the pixel at d from an origin, the ray meets the disc at (u, v) = p.xy / p.z standard
// deviations, times the root of log2(e) / 2, and at the depth D / p.z, with p = P + A dx + B dy:
// rows of P, A, B are linear in the pixel, and p.z > 0 is in front of the camera.

struct Disc {
    vec4 u;  // P, A, B of p.x; x of the origin from the projected centre, pixels
    vec4 v;  // of p.y; y of the origin
    vec4 w;  // of p.z; D, which is 0 where a splat is no surfel
};

uniform float met_near;  // world units; nothing of a surfel nearer than this shows

// Minus log2 of the Gaussian or of its low-pass filter, which is larger, and the depth, which is
// that of the centre before.
float meet(Disc disc, vec2 d, inout float depth) {
    precise vec3 p = vec3(disc.u.x, disc.v.x, disc.w.x) + d.x * vec3(disc.u.y, disc.v.y, disc.w.y) +
        d.y * vec3(disc.u.z, disc.v.z, disc.w.z);
    precise vec2 uv = p.xy / p.z, beside = vec2(disc.u.w, disc.v.w) + d;
    precise float away = dot(uv, uv), spot = dot(beside, beside) * (0.7213475204444817 / SURFEL_BLUR);
    if (!(p.z > 0.0 && p.z * met_near < disc.w.w && away <= spot)) return spot;
    depth = disc.w.w / p.z;
    return away;
}
