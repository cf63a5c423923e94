// Tile lists: count, emit in the order of the footprints, and find where each tile begins.

#include "bins.cuh"

struct Counter {
    int count;
    BOTH void operator()(int) { ++count; }
};

struct Emitter {
    int *tiles, *members;
    int member;
    BOTH void operator()(int tile) {
        *tiles++ = tile;
        *members++ = member;
    }
};

extern "C" __global__ void count_tiles(const Footprint *footprints, int count, int width,
                                       int height, int *counts) {
    int i = thread_place();
    if (i >= count) return;
    Counter counter = {0};
    each_tile(footprints[i], width, height, counter);
    counts[i] = counter.count;
}

// Instances of footprint i end before ends[i]; a stable sort by tile then keeps their order.
extern "C" __global__ void emit_tiles(const Footprint *footprints, int count, int width, int height,
                                      const int *counts, const long long *ends, int *tiles,
                                      int *members) {
    int i = thread_place();
    if (i >= count) return;
    long long at = ends[i] - counts[i];
    Emitter emitter = {tiles + at, members + at, i};
    each_tile(footprints[i], width, height, emitter);
}

// starts[t] is the first instance of tile t or of one after it; one thread more than instances.
extern "C" __global__ void find_ranges(const int *tiles, int count, int tile_count, int *starts) {
    int k = thread_place();
    if (k > count) return;
    int before = k > 0 ? tiles[k - 1] : -1, here = k < count ? tiles[k] : tile_count;
    for (int tile = before + 1; tile <= here; ++tile) starts[tile] = k;
}
