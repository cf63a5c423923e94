// Tile lists: instances in the order of the footprints, after their sort where each tile begins, and
// which tiles have most of them.
//
// Most splats reach a few tiles, and a thread writes those of its own splat. A splat that reaches
// many is shared out among its warp: a lane takes a row of tiles at a time, and all write side by
// side.

#include "bins.cuh"
#include "warp.cuh"

// More rows of tiles than this are counted by the warp, more tiles than this are written by it.
#define OWN_ROWS 8
#define OWN_TILES 16

// What a launch of emit_tiles writes to.
struct Instances {
    void *tiles;
    int *members;
    int room, wide;

    __device__ void write(unsigned at, int tile, int member) const {
        if (at >= unsigned(room)) return;
        if (wide)
            ((unsigned *)tiles)[at] = unsigned(tile);
        else
            ((unsigned short *)tiles)[at] = (unsigned short)tile;
        members[at] = member;
    }
};

__device__ inline Ellipse from_lane(const Ellipse &own, int lane) {
    Ellipse other = own;
    other.anchor_x = __shfl_sync(ALL_LANES, own.anchor_x, lane);
    other.anchor_y = __shfl_sync(ALL_LANES, own.anchor_y, lane);
    other.u = __shfl_sync(ALL_LANES, own.u, lane);
    other.v = __shfl_sync(ALL_LANES, own.v, lane);
    other.a = __shfl_sync(ALL_LANES, own.a, lane);
    other.b = __shfl_sync(ALL_LANES, own.b, lane);
    other.c = __shfl_sync(ALL_LANES, own.c, lane);
    other.q = __shfl_sync(ALL_LANES, own.q, lane);
    return other;
}

__device__ inline Span from_lane(Span own, int lane) {
    return {__shfl_sync(ALL_LANES, own.first, lane), __shfl_sync(ALL_LANES, own.last, lane)};
}

__device__ inline int length(Span span) { return span.empty() ? 0 : span.last - span.first + 1; }

// How many tiles each lane's splat reaches; `rows` are rows of pixels.
__device__ inline unsigned count_tiles(const Ellipse &splat, Span rows, int width) {
    Span tall = tiles_of(rows);
    bool shared_out = length(tall) > OWN_ROWS;
    unsigned count = 0;
    if (!shared_out)
        for (int row = tall.first; row <= tall.last; ++row)
            count += unsigned(length(splat.tiles_in(row, rows, width)));
    for (unsigned left = __ballot_sync(ALL_LANES, shared_out); left; left &= left - 1) {
        int lane = __ffs(int(left)) - 1;
        Ellipse other = from_lane(splat, lane);
        Span pixels = from_lane(rows, lane), all = tiles_of(pixels);
        unsigned sum = 0;
        for (int row = all.first + lane_place(); row <= all.last; row += WARP)
            sum += unsigned(length(other.tiles_in(row, pixels, width)));
        sum = warp_sum(sum);
        if (lane == lane_place()) count = sum;
    }
    return count;
}

// Writes the tiles of one splat by the whole warp.
__device__ inline void write_together(const Ellipse &splat, Span rows, int width, unsigned at,
                                      int member, const Instances &out) {
    int columns = (width + TILE - 1) / TILE;
    Span tall = tiles_of(rows);
    for (int first = tall.first; first <= tall.last; first += WARP) {
        int row = first + lane_place();
        Span across = {0, -1};
        if (row <= tall.last) across = splat.tiles_in(row, rows, width);
        unsigned upto = warp_scan(unsigned(length(across)));
        unsigned all = __shfl_sync(ALL_LANES, upto, WARP - 1);
        for (unsigned k = 0; k < all; k += WARP) {
            // The row of instance k + lane: the first whose sum is beyond it.
            unsigned mine = k + unsigned(lane_place());
            int found = 0;
            for (int step = WARP / 2; step > 0; step /= 2)
                if (__shfl_sync(ALL_LANES, upto, found + step - 1) <= mine) found += step;
            unsigned end = __shfl_sync(ALL_LANES, upto, found);
            int last = __shfl_sync(ALL_LANES, across.last, found);
            if (mine < all)
                out.write(at + mine, (first + found) * columns + last - int(end - 1 - mine),
                          member);
        }
        at += all;
    }
}

// Instances of every splat, one after the other in `order`, or as they come where it is null. All
// are counted, and those within `room` written. `wide`: tiles are uint32, else uint16.
extern "C" __global__ void emit_tiles(const Footprint *footprints, const int *order, int width,
                                      int height, int room_drawn, int room, int wide, int *ticket,
                                      unsigned *states, Counts *counts, void *tiles, int *members) {
    int drawn = least(counts->ordered, room_drawn), block = take_number(ticket);
    if (block * SCAN_THREADS >= drawn) return;
    int place = block * SCAN_THREADS + int(threadIdx.x), member = -1;
    Footprint splat = {};
    Span rows = {0, -1};
    if (place < drawn) {
        member = order ? order[place] : place;
        splat = footprints[member];
    }
    Ellipse ellipse(splat);
    if (member >= 0) rows = ellipse.rows(height);
    unsigned count = count_tiles(ellipse, rows, width), total;
    unsigned at = launch_scan(states, block, count, total);
    if (threadIdx.x == 0 && (block + 1) * SCAN_THREADS >= drawn) counts->instances = int(total);

    Instances out = {tiles, members, room, wide};
    bool shared_out = count > OWN_TILES;
    if (count && !shared_out) {
        int columns = (width + TILE - 1) / TILE;
        Span tall = tiles_of(rows);
        for (int row = tall.first; row <= tall.last; ++row) {
            Span across = ellipse.tiles_in(row, rows, width);
            for (int column = across.first; column <= across.last; ++column)
                out.write(at++, row * columns + column, member);
        }
    }
    for (unsigned left = __ballot_sync(ALL_LANES, shared_out); left; left &= left - 1) {
        int lane = __ffs(int(left)) - 1;
        write_together(from_lane(ellipse, lane), from_lane(rows, lane), width,
                       __shfl_sync(ALL_LANES, at, lane), __shfl_sync(ALL_LANES, member, lane), out);
    }
}

// starts[t] is the first instance of tile t or of one after it; one thread more than instances.
template <class Key>
__device__ inline void mark_starts(const Key *tiles, int count, int tile_count, int *starts) {
    int k = thread_place();
    if (k > count) return;
    int before = k > 0 ? int(tiles[k - 1]) : -1, here = k < count ? int(tiles[k]) : tile_count;
    for (int tile = before + 1; tile <= here; ++tile) starts[tile] = k;
}

extern "C" __global__ void find_starts(const void *tiles, int wide, const Counts *counts, int room,
                                       int tile_count, int *starts) {
    int count = least(counts->instances, room);
    if (wide)
        mark_starts((const unsigned *)tiles, count, tile_count, starts);
    else
        mark_starts((const unsigned short *)tiles, count, tile_count, starts);
}

// Classes of tiles by the length of their lists, an eighth of a power of 2 wide; 0 is the longest.
BOTH int class_of(int length) {
    int code = length;
    if (length >= 8) {
        int power = 31 - __clz(length);
        code = 8 * (power - 2) + (length >> (power - 3) & 7);
    }
    return SCAN_THREADS - 1 - code;
}

// The tiles, those with the longest lists first: blocks start in order, so the last to start end
// soon. Within a class they come as they come, which no pixel sees. One block.
extern "C" __global__ void order_tiles(const int *starts, int tile_count, int *tiles) {
    __shared__ int next[SCAN_THREADS];
    int own = int(threadIdx.x);
    next[own] = 0;
    __syncthreads();
    for (int tile = own; tile < tile_count; tile += SCAN_THREADS)
        atomicAdd(&next[class_of(starts[tile + 1] - starts[tile])], 1);
    __syncthreads();
    unsigned total, first = block_scan(unsigned(next[own]), total);
    next[own] = int(first);
    __syncthreads();
    for (int tile = own; tile < tile_count; tile += SCAN_THREADS)
        tiles[atomicAdd(&next[class_of(starts[tile + 1] - starts[tile])], 1)] = tile;
}
