// A projected splat, and its alpha at a pixel; see voile.kernels.cpu.project.
#pragma once

#include "common.cuh"

// log2(o G(p)) = log2 o - u^2 - v^2 with u = U + a X + b Y, v = V + c Y, where (X, Y) counts whole
// pixels from the anchor. Aligned so that it is read in three pieces of 16 bytes.
struct alignas(16) Footprint {
    static const bool ALWAYS_MET = true;  // depth and alpha are numbers at every pixel
    float anchor_x, anchor_y, u, v;
    float a, b, c, log2_opacity;
    float red, green, blue, depth;
};

// The same footprint counted from another pixel.
BOTH Footprint placed_at(Footprint splat, float x, float y) {
    float dx = x - splat.anchor_x, dy = y - splat.anchor_y;
    splat.u += splat.a * dx + splat.b * dy;
    splat.v += splat.c * dy;
    splat.anchor_x = x;
    splat.anchor_y = y;
    return splat;
}

// log2(o G) at whole pixels x, y from the anchor. Squares are taken after the sums: long thin
// splats stay exact in float32. What pixels of one column share comes first.
BOTH float log2_alpha_at(const Footprint &splat, float x, float y) {
    float u = splat.u + splat.a * x + splat.b * y, v = splat.v + splat.c * y;
    return splat.log2_opacity - v * v - u * u;
}

// Depth of a pixel, as it is wanted: none, the mean of what is seen, or its median.
enum Depth { NO_DEPTH, MEAN_DEPTH, MEDIAN_DEPTH };

// What is seen of a splat at a pixel; the depth is for the depth image alone.
struct Seen {
    float log2_alpha, depth;
};

// `near` is for surfels, see surfel.cuh.
BOTH Seen seen_at(const Footprint &splat, float x, float y, float /* near */) {
    return {log2_alpha_at(splat, x, y), splat.depth};
}

// Whether anything is drawn where log2(o G) is this: alpha is 1/255 or more.
BOTH bool is_seen(float log2_alpha) { return log2_alpha >= float(LOG2_ALPHA_MIN); }

BOTH float alpha_of(float log2_alpha) { return fminf(exp2f(log2_alpha), float(ALPHA_MAX)); }

// -log2(1 - alpha), optical depth in powers of 2.
BOTH float log2_depth(float alpha) { return -log2f(1.0f - alpha); }
