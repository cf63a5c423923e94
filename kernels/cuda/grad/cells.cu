// `cells` backward, see cells.cuh.

#include "cells.cuh"

// Keys to sort visible splats by: `groups` are the places of the cells of all splats, front to back.
extern "C" __global__ void find_group_keys(const int *groups, const int *splats,
                                           const Counts *counts, int room, int *keys) {
    int i = thread_place();
    if (i < least(counts->visible, room)) keys[i] = groups[splats[i]];
}

extern "C" __global__ void collect_cells(COLLECTOR_ARGUMENTS, const int *groups, float *entries) {
    collect_cells_tile<Footprint>(COLLECTOR_TILE, DRAWN, groups, entries);
}
