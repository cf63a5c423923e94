// `weighted` and `learned`, see weighted_tile.cuh, and their weights.

#include "../project.cuh"
#include "weighted.cuh"
#include "weighted_tile.cuh"

// The log weight of a splat from the unit direction d; see voile.scenes.oit.
__device__ inline float log_weight(const float *row, int numbers, const float d[3]) {
    float sum = row[0];
    for (int k = 0; k < 3; ++k) sum += row[1 + k] * d[k];
    if (numbers < 9) return sum;
    float x = d[0], y = d[1], z = d[2];
    sum += 1.0925484305920792f * (row[4] * x * y - row[5] * y * z - row[7] * x * z);
    sum += 0.31539156525252005f * row[6] * (2.0f * z * z - x * x - y * y);
    return sum + 0.5462742152960396f * row[8] * (x * x - y * y);
}

// The weight of every visible splat. `log_weights` (N, numbers) are the scene's own, or null; `kind`
// is then not read. Powers of 2 are kept from `lowest` to `highest`.
extern "C" __global__ void weigh(const Footprint *footprints, const int *splats,
                                 const Counts *counts, int room, const float *means,
                                 const View *view, const float *log_weights, int numbers, int kind,
                                 float beta, float radius, float lowest, float highest,
                                 float *weights) {
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
    const float *row = log_weights + numbers * size_t(splats[i]);
    float power = log_weight(row, numbers, to) - x;
    weights[i] = exp2f(clampf(power * LOG2_E, lowest, highest));
}

extern "C" __global__ void rasterize_weighted(RASTERIZER_ARGUMENTS, const float *weights,
                                              int squares_alpha) {
    if (squares_alpha)
        draw_weighted<Footprint, true>(TILE_OF_BLOCK, weights);
    else
        draw_weighted<Footprint, false>(TILE_OF_BLOCK, weights);
}
