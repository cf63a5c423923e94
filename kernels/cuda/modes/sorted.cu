// `sorted`: tile lists are front to back.

#include "../tile.cuh"
#include "sorted.cuh"

struct Nothing {};

struct SortedVisitor {
    SortedPixel pixels[PIXELS];

    __device__ Nothing value(int) const { return {}; }
    __device__ bool done(int p) const { return pixels[p].is_opaque(); }
    __device__ void add(int p, const Footprint &splat, const Nothing &value, float alpha) {
        if (!pixels[p].is_opaque()) pixels[p].add(splat, alpha);
    }
};

extern "C" __global__ void rasterize_sorted(RASTERIZER_ARGUMENTS) {
    Tile tile = tile_of_block(starts, members, footprints, width, height, color, depth);
    SortedVisitor visitor;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    walk_tile<Nothing>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &pixel = visitor.pixels[p];
        tile.store(p, pixel.red, pixel.green, pixel.blue, pixel.cover(), pixel.mean_depth());
    }
}
