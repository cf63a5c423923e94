// `binned`: the tile is walked for moments of depth, for the bins before each refinement and after
// the last, for what the splats of a bin share, and to composite.
#pragma once

#include "../tile.cuh"
#include "binned.cuh"

enum Task { MOMENTS, COLLECT, SHARE_OUT, COMPOSITE };

template <int BINS>
struct BinnedVisitor {
    static const bool TAKES_ZERO = false, LIMITED = true;
    const DepthInBins *depths;
    Task task;
    BinnedPixel<BINS> pixels[PIXELS];

    __device__ DepthInBins value(int member) const { return depths[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const DepthInBins &value, float alpha,
                        float depth) {
        BinnedPixel<BINS> &pixel = pixels[p];
        switch (task) {
            case MOMENTS: pixel.add_moments(value.y, alpha); break;
            case COLLECT: pixel.collect(value, alpha); break;
            case SHARE_OUT: pixel.share_out(value, alpha); break;
            default: pixel.composite(splat, value, alpha, depth);
        }
    }
};

template <class Splat, int BINS>
__device__ inline void walk_binned(Tile tile, const DepthInBins *depths, int refinements) {
    BinnedVisitor<BINS> visitor;
    visitor.depths = depths;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    // One walk in a loop, and not one per task: the compiler takes its time for each.
    for (int step = 0; step < 4 + refinements; ++step) {
        visitor.task = step == 0                  ? MOMENTS
                       : step <= 1 + refinements ? COLLECT
                       : step == 2 + refinements ? SHARE_OUT
                                                 : COMPOSITE;
        walk_tile<Splat, DepthInBins>(tile, visitor);
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
