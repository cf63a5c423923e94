// What all blending modes do with a tile: a block takes its splats in batches to shared memory, and
// every thread blends them at its pixels.
#pragma once

#include "footprint.cuh"

#define THREADS (TILE * BLOCK_ROWS)
#define PIXELS (TILE / BLOCK_ROWS)

// Arguments of every rasterizer: the tile lists of voile.kernels.cuda.bins, and the images. Images
// are zero before; `depth` is null where it is not wanted.
#define RASTERIZER_ARGUMENTS                                                              \
    const int *starts, const int *members, const Footprint *footprints, int width, int height, \
        float *color, float *alpha, float *depth

// A block's tile and the pixels of this thread: one column, rows BLOCK_ROWS apart.
struct Tile {
    const int *members;
    const Footprint *footprints;
    int start, stop, x0, y0, width, height;
    float *color, *alpha, *depth;

    __device__ int thread() const { return int(threadIdx.y) * TILE + int(threadIdx.x); }
    __device__ int column() const { return int(threadIdx.x); }
    __device__ int row(int p) const { return int(threadIdx.y) + p * BLOCK_ROWS; }
    __device__ bool inside(int p) const { return x0 + column() < width && y0 + row(p) < height; }
    __device__ size_t pixel(int p) const {
        return size_t(y0 + row(p)) * width + size_t(x0 + column());
    }

    // Premultiplied colour, coverage and the mean depth of a pixel.
    __device__ void store(int p, float red, float green, float blue, float cover, float mean) {
        if (!inside(p)) return;
        size_t at = pixel(p);
        color[3 * at] = red;
        color[3 * at + 1] = green;
        color[3 * at + 2] = blue;
        alpha[at] = cover;
        if (depth) depth[at] = mean;
    }
};

__device__ inline Tile tile_of_block(RASTERIZER_ARGUMENTS) {
    int columns = (width + TILE - 1) / TILE, tile = int(blockIdx.x);
    return {members, footprints, starts[tile], starts[tile + 1], tile % columns * TILE,
            tile / columns * TILE, width, height, color, alpha, depth};
}

// A footprint counted from the tile's first pixel, with what the mode wants to know of it.
template <class Value>
struct Placed {
    Footprint splat;
    Value value;
};

// Visits the tile's splats in order. A visitor has
//     Value value(int member)    read once a block,
//     bool done(int p)           its pixel p needs nothing more,
//     void add(int p, const Placed<Value> &, float alpha).
// Ends when all pixels of the block are done. May be called again and again.
template <class Value, class Visitor>
__device__ void walk_tile(const Tile &tile, Visitor &visitor) {
    __shared__ Placed<Value> batch[THREADS];
    for (int start = tile.start; start < tile.stop; start += THREADS) {
        bool done = true;
        for (int p = 0; p < PIXELS; ++p) done = done && (!tile.inside(p) || visitor.done(p));
        // The vote is also what keeps a batch until every thread has read it.
        if (__syncthreads_and(done)) break;
        int at = start + tile.thread();
        if (at < tile.stop) {
            int member = tile.members[at];
            Placed<Value> &mine = batch[tile.thread()];
            mine.splat = placed_at(tile.footprints[member], float(tile.x0), float(tile.y0));
            mine.value = visitor.value(member);
        }
        __syncthreads();
        int count = least(THREADS, tile.stop - start);
        for (int j = 0; j < count; ++j) {
#pragma unroll
            for (int p = 0; p < PIXELS; ++p) {
                float power = log2_alpha_at(batch[j].splat, float(tile.column()), float(tile.row(p)));
                if (is_seen(power)) visitor.add(p, batch[j], alpha_of(power));
            }
        }
    }
}
