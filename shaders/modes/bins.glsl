// Depth bins of a pixel, four to a vec4; see voile.render.modes.binned.

const int GROUPS = BINS / 4;

// DO(0) DO(1) ... once per group: a loop, unless the driver unrolls it, would index outputs and
// samplers at run time, which takes Mesa's software driver several times as long.
#if BINS == 4
#define FOR_GROUPS(DO) DO(0)
#elif BINS == 8
#define FOR_GROUPS(DO) DO(0) DO(1)
#elif BINS == 16
#define FOR_GROUPS(DO) DO(0) DO(1) DO(2) DO(3)
#else
#define FOR_GROUPS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#endif

layout(binding = 0) uniform sampler2D moments;  // sums of tau, tau y, tau y^2
#ifdef REFINED
layout(binding = 1) uniform sampler2DArray edges;  // lower edges, four a layer; the last ends at 1
#endif

uniform float depth_unit;  // z_0

float bounded_depth(float z) { return 0.5 - depth_unit / (z + depth_unit); }

// In powers of 2, as is all optical depth here.
float optical_depth(float alpha) { return -log2(1.0 - alpha); }

// x of a splat, and half of its thickness in x.
vec2 axis_at(ivec2 pixel, float z, float thickness) {
    vec3 sums = texelFetch(moments, pixel, 0).xyz;
    vec2 means = sums.yz / max(sums.x, 1e-30);
    float variance = max(means.y - means.x * means.x, 0.0) + BIN_SPREAD * BIN_SPREAD;
    float sharpness = inversesqrt(variance);
    float t = (bounded_depth(z) - means.x) * sharpness, shrink = inversesqrt(1.0 + t * t);
    float slope = depth_unit / (z + depth_unit) * (thickness / (z + depth_unit));
    float extent = BIN_THICKNESS * slope * sharpness * (shrink * shrink * shrink);
    return vec2(t * shrink, extent + BIN_LEAST_THICKNESS);
}

#ifdef REFINED
#define LOWER_EDGES(g) texelFetch(edges, ivec3(pixel, g), 0)
#else
#define LOWER_EDGES(g) ((float(4 * g) + vec4(0.0, 1.0, 2.0, 3.0)) * (2.0 / float(BINS)) - 1.0)
#endif

// How much of each bin lies in front of x, and the share of the splat in each bin.
void bin_shares(ivec2 pixel, vec2 place, out vec4 in_front[GROUPS], out vec4 share[GROUPS]) {
    float x = place.x, sharpness = 0.5 / place.y;
    vec4 low[GROUPS + 1];
    low[GROUPS] = vec4(1e9);  // beyond the last bin there is nothing
#define FIND_EDGES(g) low[g] = LOWER_EDGES(g);
    FOR_GROUPS(FIND_EDGES)
    float before = 1.0;
    vec4 high, beyond;
#define FIND_SHARE(g)                                                                  \
    high = vec4(low[g].yzw, low[g + 1].x);                                             \
    beyond = clamp(0.5 + (x - high) * sharpness, 0.0, 1.0);                            \
    share[g] = vec4(before, beyond.xyz) - beyond;                                      \
    before = beyond.w;                                                                 \
    in_front[g] = clamp((x - low[g]) / max(min(high, 1.0) - low[g], 1e-12), 0.0, 1.0);
    FOR_GROUPS(FIND_SHARE)
}

// m_k t_k: what is in a bin hides the splat, but for its own share, and up to BIN_HIDES.
vec4 bin_part(vec4 depths, float tau, vec4 share, vec4 in_front) {
    return share * exp2(-min(max(depths - tau * share, 0.0) * in_front, BIN_HIDES));
}
