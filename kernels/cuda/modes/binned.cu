// `binned`, see binned_tile.cuh, and the depths of its splats.

#include "../packed.cuh"
#include "binned_tile.cuh"

// y and thickness in y of every visible splat. Its thickness is |S R^T axis|, its standard
// deviation along the view.
extern "C" __global__ void find_depths(const Footprint *footprints, const int *splats,
                                       const Counts *counts, int room, const void *shapes,
                                       int storage, float scale_low, float scale_step,
                                       const View *view, DepthInBins *found) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    Shape shape = shape_of({shapes, storage, scale_low, scale_step}, splats[i]);
    float a = view->rotation[6], b = view->rotation[7], c = view->rotation[8];
    float w = shape.quat[0], x = shape.quat[1], y = shape.quat[2], z = shape.quat[3];
    float two = 2.0f / (w * w + x * x + y * y + z * z);
    float first = a - two * ((y * y + z * z) * a - (x * y + w * z) * b - (x * z - w * y) * c);
    float second = b - two * ((x * x + z * z) * b - (x * y - w * z) * a - (y * z + w * x) * c);
    float third = c - two * ((x * x + y * y) * c - (x * z + w * y) * a - (y * z - w * x) * b);
    first *= shape.scale[0];
    second *= shape.scale[1];
    third *= shape.scale[2];
    float thickness = view->splat_scale * sqrtf(first * first + second * second + third * third);
    float unit = view->depth_unit, slope = unit / (footprints[i].depth + unit);
    found[i] = {0.5f - slope, slope * (thickness / (footprints[i].depth + unit))};
}

extern "C" __global__ void rasterize_binned_4(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                              int refinements) {
    walk_binned<Footprint, 4>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_binned_8(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                              int refinements) {
    walk_binned<Footprint, 8>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_binned_16(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    walk_binned<Footprint, 16>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_binned_32(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    walk_binned<Footprint, 32>(TILE_OF_BLOCK, depths, refinements);
}
