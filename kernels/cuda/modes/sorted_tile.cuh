// `sorted`: tile lists are front to back.
#pragma once

#include "../tile.cuh"
#include "sorted.cuh"

struct Nothing {};

struct SortedVisitor {
    SortedPixel pixels[PIXELS];

    __device__ Nothing value(int) const { return {}; }
    __device__ bool done(int p) const { return pixels[p].is_opaque(); }
    __device__ void add(int p, const Footprint &splat, const Nothing &, float alpha,
                        float depth) {
        if (!pixels[p].is_opaque()) pixels[p].add(splat, alpha, depth);
    }
};

template <class Splat>
__device__ inline void walk_sorted(Tile tile) {
    SortedVisitor visitor;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    walk_tile<Splat, Nothing>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &pixel = visitor.pixels[p];
        tile.store(p, pixel.red, pixel.green, pixel.blue, pixel.cover(), pixel.mean_depth());
    }
}
