// `binned`: the tile is walked for moments of depth, for the bins before each refinement and after
// the last, for what the splats of a bin share, and to composite.

#include "../tile.cuh"
#include "binned.cuh"

// y and thickness in y of every visible splat. Its thickness is |S R^T axis|, its standard deviation
// along the view.
extern "C" __global__ void find_depths(const Footprint *footprints, const int *splats, int count,
                                       const float *quats, const float *scales, float size,
                                       const View *view, float unit, DepthInBins *found) {
    int i = thread_place();
    if (i >= count) return;
    const float *q = quats + 4 * size_t(splats[i]), *s = scales + 3 * size_t(splats[i]);
    float a = float(view->rotation[6]), b = float(view->rotation[7]), c = float(view->rotation[8]);
    float w = q[0], x = q[1], y = q[2], z = q[3];
    float first = (1 - 2 * (y * y + z * z)) * a + 2 * (x * y + w * z) * b + 2 * (x * z - w * y) * c;
    float second = 2 * (x * y - w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z + w * x) * c;
    float third = 2 * (x * z + w * y) * a + 2 * (y * z - w * x) * b + (1 - 2 * (x * x + y * y)) * c;
    first *= s[0];
    second *= s[1];
    third *= s[2];
    float thickness = size * sqrtf(first * first + second * second + third * third);
    float slope = unit / (footprints[i].depth + unit);
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
    __device__ void add(int p, const Placed<DepthInBins> &at, float alpha) {
        BinnedPixel<BINS> &pixel = pixels[p];
        switch (task) {
            case MOMENTS: pixel.add_moments(at.value.y, alpha); break;
            case COLLECT: pixel.collect(at.value, alpha); break;
            case SHARE_OUT: pixel.share_out(at.value, alpha); break;
            default: pixel.composite(at.splat, at.value, alpha);
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
        tile_of_block(starts, members, footprints, width, height, color, alpha, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_8(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                              int refinements) {
    rasterize_binned<8>(
        tile_of_block(starts, members, footprints, width, height, color, alpha, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_16(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    rasterize_binned<16>(
        tile_of_block(starts, members, footprints, width, height, color, alpha, depth), depths,
        refinements);
}

extern "C" __global__ void rasterize_binned_32(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                               int refinements) {
    rasterize_binned<32>(
        tile_of_block(starts, members, footprints, width, height, color, alpha, depth), depths,
        refinements);
}
