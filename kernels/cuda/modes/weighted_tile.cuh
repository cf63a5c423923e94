// `weighted` and `learned`: sum w_i alpha_i c_i / sum w_i alpha_i (McGuire and Bavoil 2013).
#pragma once

#include "../tile.cuh"
#include "sums.cuh"

// SQUARES: the weight has a factor alpha of its own.
template <class Splat, bool SQUARES, int DEPTH, bool WITH_LIMITS>
struct WeightedVisitor {
    static const bool TAKES_ZERO = Splat::ALWAYS_MET, LIMITED = WITH_LIMITS;
    const float *weights;
    Sums pixels[PIXELS];

    __device__ float value(int member) const { return weights[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const float &value, float alpha,
                        float depth) {
        pixels[p].clear -= pixels[p].clear * alpha;
        pixels[p].add<DEPTH>(splat, SQUARES ? value * alpha * alpha : value * alpha, depth);
    }
};

template <class Splat, bool SQUARES, int DEPTH, bool WITH_LIMITS>
__device__ inline void walk_weighted(const Tile &tile, const float *weights) {
    WeightedVisitor<Splat, SQUARES, DEPTH, WITH_LIMITS> visitor;
    visitor.weights = weights;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start();
    walk_tile<Splat, float>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const Sums &sums = visitor.pixels[p];
        float share = sums.share();
        tile.store(p, share * sums.red, share * sums.green, share * sums.blue, sums.cover(),
                   sums.mean_depth());
    }
}

// What a frame has no use for is not in its loop.
template <class Splat, bool SQUARES>
__device__ inline void draw_weighted(const Tile &tile, const float *weights) {
    if (tile.limited)
        walk_weighted<Splat, SQUARES, MEAN_DEPTH, true>(tile, weights);
    else if (tile.depth)
        walk_weighted<Splat, SQUARES, MEAN_DEPTH, false>(tile, weights);
    else
        walk_weighted<Splat, SQUARES, NO_DEPTH, false>(tile, weights);
}
