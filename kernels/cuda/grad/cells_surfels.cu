// `cells` backward with surfels, see cells.cuh and surfels.cuh.

#include "surfels.cuh"
#include "cells.cuh"

extern "C" __global__ void collect_cells_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                 const View *view, const int *groups,
                                                 float *entries) {
    collect_cells_tile<AnySplat>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, groups, entries);
}
