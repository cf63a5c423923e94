// Entries to slopes, see splats.cuh.

#include "splats.cuh"

extern "C" __global__ void add_entries(ADDING_ARGUMENTS) {
    add_up_entries<Footprint>(starts, places, count, entries, totals);
}

extern "C" __global__ void follow_splats(FOLLOWING_ARGUMENTS) { follow<Footprint>(FOLLOWING); }
