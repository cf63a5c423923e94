// Projects every splat, and copies the visible ones to the order in which they are drawn.

#include "project.cuh"

// One thread a splat. Row i of `footprints` is splat i where visible[i] is 1, and else not written:
// which rows are kept is a scan of `visible`, so their order never depends on the scheduler.
extern "C" __global__ void project(const float *means, const float *quats, const float *scales,
                                   const float *opacities, const float *sh, int coefficients,
                                   int count, const View *view, int degree, float size,
                                   int antialias, double *depths, unsigned char *visible,
                                   Footprint *footprints) {
    int i = thread_place();
    if (i >= count) return;
    const float *mean = means + 3 * size_t(i);
    Footprint out;
    real depth;
    bool seen = project_geometry(*view, mean, quats + 4 * size_t(i), scales + 3 * size_t(i), size,
                                 opacities[i], antialias != 0, depth, out);
    visible[i] = seen;
    if (!seen) return;
    color_splat(*view, mean, sh + 3 * size_t(coefficients) * i, degree, out);
    depths[i] = depth;
    footprints[i] = out;
}

// ordered[i] = footprints[splats[i]]: read in order by all that follows.
extern "C" __global__ void gather(const int *splats, int count, const Footprint *footprints,
                                  Footprint *ordered) {
    int i = thread_place();
    if (i < count) ordered[i] = footprints[splats[i]];
}
