// `binned`: the tile is walked for moments of depth, for the bins before each refinement and after
// the last, for what the splats of a bin share, and to composite.

#include "../packed.cuh"
#include "../tile.cuh"
#include "binned.cuh"

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
    float first = (1 - 2 * (y * y + z * z)) * a + 2 * (x * y + w * z) * b + 2 * (x * z - w * y) * c;
    float second = 2 * (x * y - w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z + w * x) * c;
    float third = 2 * (x * z + w * y) * a + 2 * (y * z - w * x) * b + (1 - 2 * (x * x + y * y)) * c;
    first *= shape.scale[0];
    second *= shape.scale[1];
    third *= shape.scale[2];
    float thickness = view->splat_scale * sqrtf(first * first + second * second + third * third);
    float unit = view->depth_unit, slope = unit / (footprints[i].depth + unit);
    found[i] = {0.5f - slope, slope * (thickness / (footprints[i].depth + unit))};
}

enum Task { MOMENTS, COLLECT, SHARE_OUT, COMPOSITE };

template <int BINS>
struct BinnedVisitor {
    const DepthInBins *depths;
    Task task;
    BinnedPixel<BINS> pixels[PIXELS];

    __device__ DepthInBins value(int member) const { return depths[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const DepthInBins &value, float alpha) {
        BinnedPixel<BINS> &pixel = pixels[p];
        switch (task) {
            case MOMENTS: pixel.add_moments(value.y, alpha); break;
            case COLLECT: pixel.collect(value, alpha); break;
            case SHARE_OUT: pixel.share_out(value, alpha); break;
            default: pixel.composite(splat, value, alpha);
        }
    }
};

template <int BINS>
__device__ inline void rasterize_binned(Tile tile, const DepthInBins *depths, int refinements) {
    BinnedVisitor<BINS> visitor;
    visitor.depths = depths;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    // One walk in a loop, and not one per task: the compiler takes its time for each.
    for (int step = 0; step < 4 + refinements; ++step) {
        visitor.task = step == 0                  ? MOMENTS
                       : step <= 1 + refinements ? COLLECT
                       : step == 2 + refinements ? SHARE_OUT
                                                 : COMPOSITE;
        walk_tile<DepthInBins>(tile, visitor);
        for (int p = 0; p < PIXELS; ++p) {
            if (step == 0) visitor.pixels[p].lay_out();
            else if (step < 1 + refinements) visitor.pixels[p].refine();
            else if (visitor.task == SHARE_OUT) visitor.pixels[p].find_seen();
        }
    }
    for (int p = 0; p < PIXELS; ++p) {
        const Sums &sums = visitor.pixels[p].sums;
        float share = sums.share();
        tile.store(p, share * sums.red, share * sums.green, share * sums.blue, sums.cover(),
                   sums.mean_depth());
    }
}

extern "C" __global__ void rasterize_binned_4(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                              int refinements) {
    rasterize_binned<4>(
        tile_of_block(starts, members, footprints, width, height, color, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_8(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                              int refinements) {
    rasterize_binned<8>(
        tile_of_block(starts, members, footprints, width, height, color, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_16(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    rasterize_binned<16>(
        tile_of_block(starts, members, footprints, width, height, color, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_32(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    rasterize_binned<32>(
        tile_of_block(starts, members, footprints, width, height, color, depth), depths,
        refinements);
}
