// Entries to slopes of scenes with surfels, see splats.cuh and project_surfels.cuh.

#include "surfels.cuh"
#include "splats.cuh"
#include "project_surfels.cuh"

template <>
BOTH void slopes_of<AnySplat>(const View &view, const float *mean, const float *quat,
                              const float *scale, bool antialias, const Footprint &splat,
                              const float *sums, ShapeSlopes &out) {
    if (scale[2] == 0.0f)
        surfel_slopes(view, mean, quat, scale, sums, out);
    else
        shape_slopes(view, mean, quat, scale, antialias, splat, sums, out);
}

extern "C" __global__ void add_entries_surfels(ADDING_ARGUMENTS) {
    add_up_entries<AnySplat>(starts, places, count, entries, totals);
}

extern "C" __global__ void follow_splats_surfels(FOLLOWING_ARGUMENTS) {
    follow<AnySplat>(FOLLOWING);
}
