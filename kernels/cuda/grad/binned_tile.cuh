// `binned` backward: the tile is walked as to draw, then for what the loss gains by the bins, level
// by level back to the first bins, and for what every splat collects.
#pragma once

#include "../modes/binned_tile.cuh"
#include "binned.cuh"

enum BackTask { BACK_MOMENTS, BACK_COLLECT, BACK_SHARE_OUT, BACK_SPLIT, BACK_COLLECTED };

template <int BINS>
struct BinnedCollector {
    using Value = DepthInBins;
    static constexpr bool TAKES_ZERO = false, LIMITED = false;
    const DepthInBins *depths;
    BackTask task;
    int level, refinements;
    BinnedSlopes<BINS> pixels[PIXELS];

    __device__ DepthInBins value(int member) const { return depths[member]; }
    __device__ bool done(int) const { return false; }

    __device__ void add(int p, const Footprint &splat, const DepthInBins &value, float alpha,
                        float depth) {
        BinnedSlopes<BINS> &pixel = pixels[p];
        if (task == BACK_MOMENTS) {
            pixel.add_moments(value.y, alpha);
            return;
        }
        typename BinnedSlopes<BINS>::Place at = pixel.place(value, alpha);
        at.along = pixel.picture.along(splat, depth);
        switch (task) {
            case BACK_COLLECT: pixel.collect(at, level); return;
            case BACK_SHARE_OUT: pixel.share_out(at, level); return;
            case BACK_SPLIT: pixel.split(at, level, true); break;
            default: pixel.collected(at, level, pixel.by_bins(level, refinements), true);
        }
        pixel.add_axis(at);
    }

    // What a splat collects.
    __device__ Slope add(int p, const Footprint &splat, const DepthInBins &value, float alpha,
                         float depth, float *slots) {
        BinnedSlopes<BINS> &pixel = pixels[p];
        typename BinnedSlopes<BINS>::Place at = pixel.place(value, alpha);
        at.along = pixel.picture.along(splat, depth);
        pixel.split(at, refinements, false);
        for (int k = 0; k <= refinements; ++k)
            pixel.collected(at, k, pixel.by_bins(k, refinements), false);
        return pixel.finish(at, value.y, splat.depth, slots);
    }
};

template <class Splat, int BINS>
__device__ inline void collect_binned_tile(const Tile &tile, DRAWN_ARGUMENTS,
                                           const DepthInBins *depths, int refinements,
                                           float *entries) {
    BinnedCollector<BINS> visitor;
    visitor.depths = depths;
    visitor.refinements = refinements;
    for (int p = 0; p < PIXELS; ++p) {
        Drawn drawn = {};
        if (tile.inside(p))
            drawn = drawn_at(tile.pixel(p), color, alpha, depth, by_color, by_alpha, by_depth);
        visitor.pixels[p].start(drawn);
    }
    // One walk in a loop, and not one per task: the compiler takes its time for each.
    for (int step = 0; step < 5 + 2 * refinements; ++step) {
        int after = step - refinements;  // the last level is collected at 1
        visitor.task = step == 0    ? BACK_MOMENTS
                       : after <= 1 ? BACK_COLLECT
                       : after == 2 ? BACK_SHARE_OUT
                       : after == 3 ? BACK_SPLIT
                                    : BACK_COLLECTED;
        visitor.level = after <= 1 ? most(step - 1, 0) : least(refinements, refinements + 4 - after);
        walk_tile<Splat, DepthInBins>(tile, visitor);
        for (int p = 0; p < PIXELS; ++p) {
            BinnedSlopes<BINS> &pixel = visitor.pixels[p];
            if (step == 0) pixel.lay_out();
            else if (after < 1) pixel.refine(visitor.level);
            else if (after == 2) pixel.find_gains(refinements);
            else if (after > 3 && visitor.level > 0) pixel.unrefine(visitor.level - 1);
            else if (after > 3) pixel.finish_axis();
        }
    }
    collect_tile<Splat>(tile, visitor, entries);
}
