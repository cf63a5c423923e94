// `sorted`: tile lists are front to back.
#pragma once

#include "../tile.cuh"
#include "sorted.cuh"

struct Nothing {};

struct SortedVisitor {
    SortedPixel pixels[PIXELS];
    bool median;

    __device__ Nothing value(int) const { return {}; }
    __device__ bool done(int p) const { return pixels[p].is_opaque(); }
    __device__ void add(int p, const Footprint &splat, const Nothing &, float alpha,
                        float depth) {
        if (!pixels[p].is_opaque()) pixels[p].add(splat, alpha, depth, median);
    }
};

// `median`: which depth is wanted.
template <class Splat>
__device__ inline void walk_sorted(Tile tile, int median) {
    SortedVisitor visitor;
    visitor.median = median != 0;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    walk_tile<Splat, Nothing>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &pixel = visitor.pixels[p];
        tile.store(p, pixel.red, pixel.green, pixel.blue, pixel.cover(),
                   median ? pixel.depth : pixel.mean_depth());
    }
}
