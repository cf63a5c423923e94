// What backward passes do with a tile: they walk it as it was drawn, front to back, and every warp
// adds up what each splat collects at its pixels; a block adds up its warps. The order of all sums
// is fixed, so a gradient is the same bytes every time.
#pragma once

#include "../tile.cuh"
#include "sums.cuh"

// What was drawn, and the slopes of the loss by it: (H, W, 3), and (H, W) each. `depth` and
// `by_depth` are null where no depth was drawn. Nothing comes from pixels outside.
#define DRAWN_ARGUMENTS                                                                    \
    const float *color, const float *alpha, const float *depth, const float *by_color,     \
        const float *by_alpha, const float *by_depth
#define DRAWN color, alpha, depth, by_color, by_alpha, by_depth

// The tile lists, and what was drawn.
#define COLLECTOR_ARGUMENTS                                                                    \
    const int *starts, const int *members, const Footprint *footprints, int width, int height, \
        DRAWN_ARGUMENTS
#define COLLECTOR_TILE                                                                      \
    tile_of_block(starts, nullptr, members, footprints, width, height, nullptr, nullptr, nullptr)

struct Drawn {
    float color[3], alpha, depth, by_color[3], by_alpha, by_depth;

    // by_color . color
    __device__ float along() const {
        return by_color[0] * color[0] + by_color[1] * color[1] + by_color[2] * color[2];
    }
};

__device__ inline Drawn drawn_at(size_t pixel, const float *color, const float *alpha,
                                 const float *depth, const float *by_color, const float *by_alpha,
                                 const float *by_depth) {
    Drawn drawn;
    for (int k = 0; k < 3; ++k) {
        drawn.color[k] = color[3 * pixel + k];
        drawn.by_color[k] = by_color[3 * pixel + k];
    }
    drawn.alpha = alpha[pixel];
    drawn.by_alpha = by_alpha[pixel];
    drawn.depth = depth ? depth[pixel] : 0.0f;
    drawn.by_depth = depth ? by_depth[pixel] : 0.0f;
    return drawn;
}

// Slopes of the loss by log alpha, and by the depth at which a splat is seen.
struct Slope {
    float e, by_depth;
};

// Adds a pixel's slopes to what only the shape needs.
__device__ inline void add_moments(const Tile &, const Footprint &splat, float x, float y,
                                   Slope slope, float *slots) {
    float u = splat.u + splat.b * y + splat.a * x, v = splat.v + splat.c * y, e = slope.e;
    slots[OF_DEPTH] += slope.by_depth;
    slots[OF_U] += e * u;
    slots[OF_V] += e * v;
    slots[OF_UU] += e * u * u;
    slots[OF_UV] += e * u * v;
    slots[OF_VV] += e * v * v;
}

// Adds up over a warp what a splat collects at its pixels, into `sum`, an entry; returns false, and
// leaves it as it is, where the splat is seen at none of them. `add(p, alpha, depth, slots)` adds to
// the slots of colour, depth and weight, and returns the slope at pixel p.
template <class Splat, class Add>
__device__ inline bool collect_splat(const Tile &tile, const Splat &splat, Add add, float *sum) {
    const int VALUES = Entry<Splat>::VALUES, SLOTS = Entry<Splat>::SLOTS;
    float slots[SLOTS] = {};
    bool shows = false;
#pragma unroll
    for (int p = 0; p < PIXELS; ++p) {
        float x = float(tile.column()), y = float(tile.row(p));
        Seen seen = seen_at(splat, x, y, tile.near);
        if (!is_seen(seen.log2_alpha)) continue;
        shows = true;
        Slope slope = add(p, alpha_of(seen.log2_alpha), seen.depth, slots);
        slots[OF_E] += slope.e;
        add_moments(tile, splat, x, y, slope, slots);
    }
    if (!__ballot_sync(ALL_LANES, int(shows))) return false;
    sum_over_warp(slots, tile.lane());
    int slot = tile.lane() * SLOTS / WARP;
    if (tile.lane() * SLOTS % WARP == 0 && slot < VALUES) sum[slot] = slots[0];
    return true;
}

// Walks a tile and writes the entries (instances, VALUES) of its list, as far as it was drawn; those
// behind stay as they are, 0. A visitor has
//     Value value(int member)    read once a block,
//     bool done(int p)           its pixel p needed nothing more: a warp stopped where all did,
//     Slope add(int p, const Footprint &, const Value &, float alpha, float depth, float *slots)
//                                see collect_splat.
template <class Splat, class Visitor>
__device__ void collect_tile(const Tile &tile, Visitor &visitor, float *entries) {
    const int VALUES = Entry<Splat>::VALUES;
    Batch<Splat, typename Visitor::Value> &batch = shared_batch<Splat, typename Visitor::Value>();
    __shared__ float sums[TILE_WARPS][THREADS][VALUES];
    bool done = false;
    for (int start = tile.start; start < tile.stop; start += THREADS) {
        // The vote is also what keeps a batch until every thread has read it.
        if (__syncthreads_and(done)) break;
        int own = tile.thread(), at = start + own;
        unsigned subtiles = 0;
        if (at < tile.stop) {
            int member = tile.members[at];
            Splat splat;
            place_in(tile, member, splat);
            batch.splats[own] = splat;
            batch.values[own] = visitor.value(member);
            subtiles = subtiles_of(splat);
        }
        batch.reached[own] = subtiles;
        for (int w = 0; w < TILE_WARPS; ++w)
            for (int k = 0; k < VALUES; ++k) sums[w][own][k] = 0.0f;
        __syncthreads();
        for (int first = 0; first < THREADS && !done; first += WARP) {
            unsigned mine = batch.reached[first + tile.lane()] >> tile.warp() & 1u;
            for (unsigned left = __ballot_sync(ALL_LANES, int(mine)); left; left &= left - 1) {
                int j = first + __ffs(int(left)) - 1;
                const Splat &splat = batch.splats[j];
                collect_splat(
                    tile, splat,
                    [&](int p, float alpha, float depth, float *slots) {
                        return visitor.add(p, splat, batch.values[j], alpha, depth, slots);
                    },
                    sums[tile.warp()][j]);
            }
            bool rests = true;
            for (int p = 0; p < PIXELS; ++p)
                rests = rests && (!tile.inside(p) || visitor.done(p));
            done = __all_sync(ALL_LANES, int(rests)) != 0;
        }
        __syncthreads();
        if (at < tile.stop)
            for (int k = 0; k < VALUES; ++k) {
                float sum = sums[0][own][k];
                for (int w = 1; w < TILE_WARPS; ++w) sum += sums[w][own][k];
                entries[size_t(at) * VALUES + k] = sum;
            }
    }
}
