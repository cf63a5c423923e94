// `sorted` backward, see sorted.cuh.

#include "sorted.cuh"

extern "C" __global__ void collect_sorted(COLLECTOR_ARGUMENTS, float *entries) {
    collect_sorted_tile<Footprint>(COLLECTOR_TILE, DRAWN, entries);
}
