// Depth bins of a pixel, four to a vec4; see voile.render.modes.binned.

const int GROUPS = BINS / 4;

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

// How much of each bin lies in front of x, and the share of x in each bin.
void bin_shares(ivec2 pixel, float x, out vec4 in_front[GROUPS], out vec4 share[GROUPS]) {
    vec4 low[GROUPS + 1];
    for (int g = 0; g < GROUPS; g++) {
#ifdef REFINED
        low[g] = texelFetch(edges, ivec3(pixel, g), 0);
#else
        low[g] = (float(4 * g) + vec4(0.0, 1.0, 2.0, 3.0)) * (2.0 / float(BINS)) - 1.0;
#endif
    }
    low[GROUPS] = vec4(1.0);
    for (int g = 0; g < GROUPS; g++) {
        vec4 width = vec4(low[g].yzw, low[g + 1].x) - low[g];
        in_front[g] = clamp((x - low[g]) / max(width, 1e-12), 0.0, 1.0);
    }
    float before = 1.0;
    for (int g = 0; g < GROUPS; g++) {
        vec4 next = vec4(in_front[g].yzw, g + 1 < GROUPS ? in_front[min(g + 1, GROUPS - 1)].x : 0.0);
        vec4 passed = clamp(0.5 + (in_front[g] + next - 1.0) * (0.5 / BIN_RAMP), 0.0, 1.0);
        if (g + 1 == GROUPS) passed.w = 0.0;
        share[g] = vec4(before, passed.xyz) - passed;
        before = passed.w;
    }
}
