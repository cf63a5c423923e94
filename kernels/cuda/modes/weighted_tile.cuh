// `weighted` and `learned`: sum w_i alpha_i c_i / sum w_i alpha_i (McGuire and Bavoil 2013).
#pragma once

#include "../tile.cuh"
#include "sums.cuh"

struct WeightedVisitor {
    const float *weights;
    bool squares;
    Sums pixels[PIXELS];

    __device__ float value(int member) const { return weights[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const float &value, float alpha,
                        float depth) {
        pixels[p].clear *= 1.0f - alpha;
        pixels[p].add(splat, squares ? value * alpha * alpha : value * alpha, depth);
    }
};

// `squares_alpha`: the weight has a factor alpha of its own.
template <class Splat>
__device__ inline void walk_weighted(Tile tile, const float *weights, int squares_alpha) {
    WeightedVisitor visitor;
    visitor.weights = weights;
    visitor.squares = squares_alpha != 0;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start();
    walk_tile<Splat, float>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const Sums &sums = visitor.pixels[p];
        float share = sums.share();
        tile.store(p, share * sums.red, share * sums.green, share * sums.blue, sums.cover(),
                   sums.mean_depth());
    }
}
