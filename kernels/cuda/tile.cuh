// What all blending modes do with a tile: a block takes its splats in batches to shared memory, and
// every warp blends those that reach its quarter, a sub-tile, at its pixels.
#pragma once

#include "bins.cuh"
#include "footprint.cuh"
#include "warp.cuh"

#define SUBTILE (TILE / 2)
#define THREADS (TILE_WARPS * WARP)
#define LANE_ROWS (WARP / SUBTILE)    // rows of pixels that the lanes of a warp make
#define PIXELS (SUBTILE / LANE_ROWS)  // of a thread

// Arguments of every rasterizer: the tile lists of bins.cu, which tile each block draws (null where
// it is the one of its number), and the images: colour with coverage, and depth, which is null where
// it is not wanted. Every pixel is written. `limits` are depths (H, W) beyond which no splat is seen,
// null where nothing is in the way.
#define RASTERIZER_ARGUMENTS                                                                 \
    const int *starts, const int *tiles, const int *members, const Footprint *footprints,    \
        int width, int height, float4 *color, float *depth, const float *limits

#define UNLIMITED 3.402823466e38f

struct Disc;  // of surfel.cuh

// A block's tile and the pixels of this thread: one column, rows LANE_ROWS apart. A block has
// (WARP, TILE_WARPS) threads.
struct Tile {
    const int *members;
    const Footprint *footprints;
    int start, stop, x0, y0, width, height;
    float4 *color;
    float *depth;
    float limit[PIXELS];
    const Disc *discs;  // of a scene with surfels, else null
    float near;         // of such a scene

    __device__ int lane() const { return int(threadIdx.x); }
    __device__ int warp() const { return int(threadIdx.y); }
    __device__ int thread() const { return warp() * WARP + lane(); }
    __device__ int column() const { return warp() % 2 * SUBTILE + lane() % SUBTILE; }
    __device__ int row(int p) const {
        return warp() / 2 * SUBTILE + lane() / SUBTILE + p * LANE_ROWS;
    }
    __device__ bool inside(int p) const { return x0 + column() < width && y0 + row(p) < height; }
    __device__ size_t pixel(int p) const {
        return size_t(y0 + row(p)) * width + size_t(x0 + column());
    }

    // Whether a splat of alpha 2^log2_alpha whose centre is at depth z is drawn at pixel p.
    __device__ bool shows(int p, float log2_alpha, float z) const {
        return is_seen(log2_alpha) && z <= limit[p];
    }

    // Premultiplied colour, coverage and the depth of a pixel.
    __device__ void store(int p, float red, float green, float blue, float cover, float z) {
        if (!inside(p)) return;
        color[pixel(p)] = make_float4(red, green, blue, cover);
        if (depth) depth[pixel(p)] = z;
    }
};

__device__ inline Tile tile_of_block(RASTERIZER_ARGUMENTS) {
    int columns = (width + TILE - 1) / TILE;
    int number = tiles ? tiles[blockIdx.x] : int(blockIdx.x);
    Tile tile = {members, footprints, starts[number], starts[number + 1], number % columns * TILE,
                 number / columns * TILE, width, height, color, depth};
    for (int p = 0; p < PIXELS; ++p)
        tile.limit[p] = limits && tile.inside(p) ? limits[tile.pixel(p)] : UNLIMITED;
    return tile;
}

#define TILE_OF_BLOCK \
    tile_of_block(starts, tiles, members, footprints, width, height, color, depth, limits)

// The footprint of a member, counted from the tile's first pixel.
__device__ inline Footprint placed_in(const Tile &tile, int member) {
    return placed_at(tile.footprints[member], float(tile.x0), float(tile.y0));
}

__device__ inline void place_in(const Tile &tile, int member, Footprint &splat) {
    splat = placed_in(tile, member);
}

// The sub-tiles that a footprint reaches, a bit each; it is counted from the tile's first pixel.
__device__ inline unsigned subtiles_of(const Footprint &splat) {
    Ellipse ellipse(splat);
    ellipse.anchor_x = ellipse.anchor_y = 0.0f;
    Span rows = ellipse.rows(TILE);
    unsigned reached = 0;
    for (int half = 0; half < 2; ++half) {
        int top = half * SUBTILE;
        Span part = {most(rows.first, top), least(rows.last, top + SUBTILE - 1)};
        if (part.empty()) continue;
        Span across = ellipse.columns(part, TILE);
        if (across.empty()) continue;
        if (across.first < SUBTILE) reached |= 1u << 2 * half;
        if (across.last >= SUBTILE) reached |= 2u << 2 * half;
    }
    return reached;
}

// Visits the tile's splats in order. A visitor has
//     Value value(int member)    read once a block,
//     bool done(int p)           its pixel p needs nothing more,
//     void add(int p, const Splat &, const Value &, float alpha, float depth).
// A splat is a Footprint, or what else place_in, seen_at and subtiles_of take. A warp rests when all
// its pixels are done, and the walk ends when all warps rest. May be called again and again.
template <class Splat, class Value, class Visitor>
__device__ void walk_tile(const Tile &tile, Visitor &visitor) {
    __shared__ Splat batch[THREADS];
    __shared__ Value values[THREADS];
    __shared__ unsigned reached[THREADS];
    bool done = false;
    for (int start = tile.start; start < tile.stop; start += THREADS) {
        // The vote is also what keeps a batch until every thread has read it.
        if (__syncthreads_and(done)) break;
        int at = start + tile.thread();
        unsigned subtiles = 0;
        if (at < tile.stop) {
            int member = tile.members[at];
            Splat splat;
            place_in(tile, member, splat);
            batch[tile.thread()] = splat;
            values[tile.thread()] = visitor.value(member);
            subtiles = subtiles_of(splat);
        }
        reached[tile.thread()] = subtiles;
        __syncthreads();
        for (int first = 0; first < THREADS && !done; first += WARP) {
            unsigned own = reached[first + tile.lane()] >> tile.warp() & 1u;
            for (unsigned left = __ballot_sync(ALL_LANES, int(own)); left; left &= left - 1) {
                int j = first + __ffs(int(left)) - 1;
#pragma unroll
                for (int p = 0; p < PIXELS; ++p) {
                    Seen seen = seen_at(batch[j], float(tile.column()), float(tile.row(p)),
                                        tile.near);
                    if (tile.shows(p, seen.log2_alpha, batch[j].depth))
                        visitor.add(p, batch[j], values[j], alpha_of(seen.log2_alpha), seen.depth);
                }
            }
            bool rests = true;
            for (int p = 0; p < PIXELS; ++p)
                rests = rests && (!tile.inside(p) || visitor.done(p));
            done = __all_sync(ALL_LANES, int(rests)) != 0;
        }
    }
}
