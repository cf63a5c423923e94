// Radix sort of the visible splats by depth, and of instances by tile; how many there are is read
// on the GPU. A launch has blocks for as many keys as there is room for; those beyond end at once.

#include "sort.cuh"

// Three blocks at a time on a multiprocessor: a thread has 80 registers then, and needs a few more
// where nobody asks.
#define SORTS __launch_bounds__(SCAN_THREADS, 3)

extern "C" __global__ void count_depth_digits(const unsigned *keys, const Counts *counts, int room,
                                              int passes, int *histogram) {
    count_digits(keys, least(counts->visible, room), passes, histogram);
}

extern "C" __global__ void SORTS sort_depths(const unsigned *keys, const int *values,
                                             const Counts *counts, int room, int shift,
                                             const int *histogram, int *ticket, unsigned *states,
                                             unsigned *keys_out, int *values_out) {
    sort_pass(keys, values, least(counts->visible, room), shift, histogram, ticket, states,
              keys_out, values_out);
}

// Tiles of pictures up to 16 million pixels have 16 bits.
extern "C" __global__ void count_tile_digits(const void *tiles, int wide, const Counts *counts,
                                             int room, int passes, int *histogram) {
    int count = least(counts->instances, room);
    if (wide)
        count_digits((const unsigned *)tiles, count, passes, histogram);
    else
        count_digits((const unsigned short *)tiles, count, passes, histogram);
}

extern "C" __global__ void SORTS sort_tiles(const unsigned short *tiles, const int *members,
                                            const Counts *counts, int room, int shift,
                                            const int *histogram, int *ticket, unsigned *states,
                                            unsigned short *tiles_out, int *members_out) {
    sort_pass(tiles, members, least(counts->instances, room), shift, histogram, ticket, states,
              tiles_out, members_out);
}

extern "C" __global__ void SORTS sort_wide_tiles(const unsigned *tiles, const int *members,
                                                 const Counts *counts, int room, int shift,
                                                 const int *histogram, int *ticket,
                                                 unsigned *states, unsigned *tiles_out,
                                                 int *members_out) {
    sort_pass(tiles, members, least(counts->instances, room), shift, histogram, ticket, states,
              tiles_out, members_out);
}
