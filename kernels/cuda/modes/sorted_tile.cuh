// `sorted`: tile lists are front to back.
#pragma once

#include "../tile.cuh"
#include "sorted.cuh"

struct Nothing {};

// Pixels are blended on until a warp finds all of its own opaque: to test each at every splat costs
// more than it saves, and what comes after is less than 1e-4 of the picture.
template <class Splat, int DEPTH, bool WITH_LIMITS>
struct SortedVisitor {
    static const bool TAKES_ZERO = Splat::ALWAYS_MET, LIMITED = WITH_LIMITS;
    SortedPixel pixels[PIXELS];

    __device__ Nothing value(int) const { return {}; }
    __device__ bool done(int p) const { return pixels[p].is_opaque(); }
    __device__ void add(int p, const Footprint &splat, const Nothing &, float alpha,
                        float depth) {
        pixels[p].add<DEPTH>(splat, alpha, depth);
    }
};

template <class Splat, int DEPTH, bool WITH_LIMITS>
__device__ inline void walk_sorted(Tile tile) {
    SortedVisitor<Splat, DEPTH, WITH_LIMITS> visitor;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    walk_tile<Splat, Nothing>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &pixel = visitor.pixels[p];
        tile.store(p, pixel.red, pixel.green, pixel.blue, pixel.cover(),
                   DEPTH == MEAN_DEPTH ? pixel.mean_depth() : pixel.depth);
    }
}

// `median`: which depth, where one is wanted. What a frame has no use for is not in its loop.
template <class Splat>
__device__ inline void draw_sorted(const Tile &tile, int median) {
    if (tile.limited)
        if (median)
            walk_sorted<Splat, MEDIAN_DEPTH, true>(tile);
        else
            walk_sorted<Splat, MEAN_DEPTH, true>(tile);
    else if (!tile.depth)
        walk_sorted<Splat, NO_DEPTH, false>(tile);
    else if (median)
        walk_sorted<Splat, MEDIAN_DEPTH, false>(tile);
    else
        walk_sorted<Splat, MEAN_DEPTH, false>(tile);
}
