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

float axis_at(ivec2 pixel, float z) {
    vec3 sums = texelFetch(moments, pixel, 0).xyz;
    vec2 means = sums.yz / max(sums.x, 1e-30);
    float variance = max(means.y - means.x * means.x, 0.0) + BIN_SPREAD * BIN_SPREAD;
    float t = (bounded_depth(z) - means.x) * inversesqrt(variance);
    return t * inversesqrt(1.0 + t * t);
}

#ifdef REFINED
#define LOWER_EDGES(g) texelFetch(edges, ivec3(pixel, g), 0)
#else
#define LOWER_EDGES(g) ((float(4 * g) + vec4(0.0, 1.0, 2.0, 3.0)) * (2.0 / float(BINS)) - 1.0)
#endif

// How much of each bin lies in front of x, and the share of x in each bin.
void bin_shares(ivec2 pixel, float x, out vec4 in_front[GROUPS + 1], out vec4 share[GROUPS]) {
    vec4 low[GROUPS + 1];
    low[GROUPS] = vec4(1.0);
#define FIND_EDGES(g) low[g] = LOWER_EDGES(g);
    FOR_GROUPS(FIND_EDGES)
    in_front[GROUPS] = vec4(-1.0);  // nothing passes on from the last bin
#define FIND_FRONT(g)                                              \
    in_front[g] = clamp((x - low[g]) /                             \
        max(vec4(low[g].yzw, low[g + 1].x) - low[g], 1e-12), 0.0, 1.0);
    FOR_GROUPS(FIND_FRONT)
    float before = 1.0;
    vec4 passed;
#define FIND_SHARE(g)                                                              \
    passed = in_front[g] + vec4(in_front[g].yzw, in_front[g + 1].x) - 1.0;         \
    passed = clamp(0.5 + passed * (0.5 / BIN_RAMP), 0.0, 1.0);                     \
    share[g] = vec4(before, passed.xyz) - passed;                                  \
    before = passed.w;
    FOR_GROUPS(FIND_SHARE)
}
