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
    bool limited;       // whether any of these is less than all depths
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
    __device__ void store(int p, float red, float green, float blue, float cover,
                          float z) const {
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
    tile.limited = limits != nullptr;
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

// What a block holds of its tile's splats: as many at a time as it has threads.
template <class Splat, class Value>
struct Batch {
    Splat splats[THREADS];
    Value values[THREADS];
    unsigned reached[THREADS];
};

// The same memory for every way to walk: a function's own would be there once for each.
template <class Splat, class Value>
__device__ inline Batch<Splat, Value> &shared_batch() {
    __shared__ Batch<Splat, Value> batch;
    return batch;
}

// Visits the tile's splats in order. A visitor has
//     Value value(int member)    read once a block,
//     bool done(int p)           its pixel p needs nothing more,
//     void add(int p, const Splat &, const Value &, float alpha, float depth),
//     const bool TAKES_ZERO      whether it is also given splats that its pixel does not see, with
//                                an alpha of 0: cheaper than a branch where `add` is short,
//     const bool LIMITED         whether limits count; without, the caller knows there are none.
// A splat is a Footprint, or what else place_in, seen_at and subtiles_of take. A warp rests when all
// its pixels are done, and the walk ends when all warps rest. May be called again and again.
template <class Splat, class Value, class Visitor>
__device__ void walk_tile(const Tile &tile, Visitor &visitor) {
    Batch<Splat, Value> &batch = shared_batch<Splat, Value>();
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
            batch.splats[tile.thread()] = splat;
            batch.values[tile.thread()] = visitor.value(member);
            subtiles = subtiles_of(splat);
        }
        batch.reached[tile.thread()] = subtiles;
        __syncthreads();
        for (int first = 0; first < THREADS && !done; first += WARP) {
            // Votes in falling order: to find the highest bit takes one instruction.
            unsigned own = batch.reached[first + WARP - 1 - tile.lane()] >> tile.warp() & 1u;
            unsigned left = __ballot_sync(ALL_LANES, int(own));
            while (left) {
                int bit = WARP - 1 - __clz(int(left)), j = first + WARP - 1 - bit;
                left ^= 1u << bit;
                const Splat &splat = batch.splats[j];
#pragma unroll
                for (int p = 0; p < PIXELS; ++p) {
                    float x = float(tile.column()), y = float(tile.row(p));
                    Seen seen = seen_at(splat, x, y, tile.near);
                    bool shows = Visitor::LIMITED ? tile.shows(p, seen.log2_alpha, splat.depth)
                                                  : is_seen(seen.log2_alpha);
                    float alpha = alpha_of(seen.log2_alpha);
                    if (Visitor::TAKES_ZERO)
                        visitor.add(p, splat, batch.values[j], shows ? alpha : 0.0f, seen.depth);
                    else if (shows)
                        visitor.add(p, splat, batch.values[j], alpha, seen.depth);
                }
            }
            bool rests = true;
            for (int p = 0; p < PIXELS; ++p)
                rests = rests && (!tile.inside(p) || visitor.done(p));
            done = __all_sync(ALL_LANES, int(rests)) != 0;
        }
    }
}
