// `sorted` backward; the equations are in voile.kernels.cpu.grad.sorted. The forward pass is
// rasterize_sorted: the picture is all that is kept of it.
#pragma once

#include "collect.cuh"

// Transmittance, the slopes, and what is behind the splat at hand.
struct SortedSlopes {
    float clear, red, green, blue, depth, behind;

    // Behind nothing is all of the loss but for a constant. Depth is D / alpha, so its slope by D
    // is by_depth / alpha, and by alpha -by_depth depth / alpha.
    __device__ void start(const Drawn &drawn) {
        clear = 1.0f;
        red = drawn.by_color[0];
        green = drawn.by_color[1];
        blue = drawn.by_color[2];
        depth = drawn.alpha > 0.0f ? drawn.by_depth / drawn.alpha : 0.0f;
        behind = drawn.along() + depth * drawn.depth * drawn.alpha;
        behind -= (drawn.by_alpha - depth * drawn.depth) * (1.0f - drawn.alpha);
    }

    // What the loss gains by what is seen of a splat.
    __device__ float along(const Footprint &splat, float at) const {
        return red * splat.red + green * splat.green + blue * splat.blue + depth * at;
    }

    __device__ Slope add(const Footprint &splat, float alpha, float at, float *slots) {
        float share = alpha * clear, along = this->along(splat, at);
        slots[OF_RED] += share * red;
        slots[OF_GREEN] += share * green;
        slots[OF_BLUE] += share * blue;
        behind -= share * along;
        float slope = clear * along - behind / (1.0f - alpha);
        clear -= share;
        return {alpha < float(ALPHA_MAX) ? alpha * slope : 0.0f, share * depth};
    }
};

struct SortedCollector {
    using Value = float;
    SortedSlopes pixels[PIXELS];

    __device__ float value(int) const { return 0.0f; }
    __device__ bool done(int p) const { return pixels[p].clear < float(TRANSMITTANCE_STOP); }
    __device__ Slope add(int p, const Footprint &splat, float, float alpha, float at,
                         float *slots) {
        return pixels[p].add(splat, alpha, at, slots);
    }
};

template <class Splat>
__device__ inline void collect_sorted_tile(const Tile &tile, DRAWN_ARGUMENTS, float *entries) {
    SortedCollector visitor;
    for (int p = 0; p < PIXELS; ++p) {
        Drawn drawn = {};
        if (tile.inside(p))
            drawn = drawn_at(tile.pixel(p), color, alpha, depth, by_color, by_alpha, by_depth);
        visitor.pixels[p].start(drawn);
    }
    collect_tile<Splat>(tile, visitor, entries);
}
