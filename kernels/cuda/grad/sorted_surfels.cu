// `sorted` backward with surfels, see sorted.cuh and surfels.cuh.

#include "sorted.cuh"
#include "surfels.cuh"

extern "C" __global__ void collect_sorted_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                  const View *view, float *entries) {
    collect_sorted_tile<AnySplat>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, entries);
}
