// `weighted` and `learned`, see weighted_tile.cuh, and their weights.

#include "../project.cuh"
#include "weighted.cuh"
#include "weighted_tile.cuh"

// The weight of every visible splat. `log_weights` (N, 4) are the scene's own, or null; `kind` is
// then not read. Powers of 2 are kept from `lowest` to `highest`.
extern "C" __global__ void weigh(const Footprint *footprints, const int *splats,
                                 const Counts *counts, int room, const float *means,
                                 const View *view, const float *log_weights, int kind, float beta,
                                 float radius, float lowest, float highest, float *weights) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    float u = fmaxf(footprints[i].depth - view->depth_offset, 0.0f) / radius;
    float x = fminf(beta * u, FARTHEST);
    if (!log_weights) {
        weights[i] = weight_of(kind, x, lowest);
        return;
    }
    float to[3];
    direction_to(*view, means + 3 * size_t(splats[i]), to);
    const float *row = log_weights + 4 * size_t(splats[i]);
    float power = row[0] - x;
    for (int k = 0; k < 3; ++k) power += row[1 + k] * to[k];
    weights[i] = exp2f(clampf(power * LOG2_E, lowest, highest));
}

extern "C" __global__ void rasterize_weighted(RASTERIZER_ARGUMENTS, const float *weights,
                                              int squares_alpha) {
    walk_weighted<Footprint>(TILE_OF_BLOCK, weights, squares_alpha);
}
