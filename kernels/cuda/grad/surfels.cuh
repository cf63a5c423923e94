// What surfels collect, and what it says of their centre, axes and scales: the equations of
// voile.kernels.cpu.grad.surfels.
#pragma once

#include "../surfel_tile.cuh"
#include "collect.cuh"

template <>
struct Entry<AnySplat> {
    static constexpr int VALUES = SURFEL_ENTRY, SLOTS = 32;
};

__device__ inline Tile with_discs(Tile tile, const Disc *discs, const View *view) {
    tile.discs = discs;
    tile.near = view->near;
    return tile;
}

// g = dL/dp at the pixel, and g times its distance from the projected centre; where the filter
// shows, slopes by that centre and by its depth.
__device__ inline void add_moments(const Tile &tile, const AnySplat &splat, float x, float y,
                                   Slope slope, float *slots) {
    if (splat.disc.scale == 0.0f) {
        add_moments(tile, static_cast<const Footprint &>(splat), x, y, slope, slots);
        return;
    }
    Met met = meet(splat.disc, x, y, tile.near);
    float e = slope.e;
    if (!met.meets) {
        slots[OF_DEPTH] += slope.by_depth;
        slots[OF_CENTRE] += e * met.right * float(1.0 / SURFEL_BLUR);
        slots[OF_CENTRE + 1] += e * met.down * float(1.0 / SURFEL_BLUR);
        return;
    }
    const float from_base_2 = 1.1774100225154747f;  // 1 / root of log2(e) / 2
    float u = from_base_2 * met.u, v = from_base_2 * met.v, z = met.depth;
    float g[3] = {-e * u * z, -e * v * z, (e * (u * u + v * v) - slope.by_depth * z) * z};
#pragma unroll
    for (int k = 0; k < 3; ++k) {
        slots[OF_G + k] += g[k];
        slots[OF_GX + k] += g[k] * met.right;
        slots[OF_GY + k] += g[k] * met.down;
    }
}
