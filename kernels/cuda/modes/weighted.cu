// `weighted` and `learned`: sum w_i alpha_i c_i / sum w_i alpha_i (McGuire and Bavoil 2013).

#include "../project.cuh"
#include "../tile.cuh"
#include "weighted.cuh"

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

struct WeightedVisitor {
    const float *weights;
    bool squares;
    Sums pixels[PIXELS];

    __device__ float value(int member) const { return weights[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const float &value, float alpha) {
        pixels[p].clear *= 1.0f - alpha;
        pixels[p].add(splat, squares ? value * alpha * alpha : value * alpha);
    }
};

// `squares_alpha`: the weight has a factor alpha of its own.
extern "C" __global__ void rasterize_weighted(RASTERIZER_ARGUMENTS, const float *weights,
                                              int squares_alpha) {
    Tile tile = tile_of_block(starts, members, footprints, width, height, color, depth);
    WeightedVisitor visitor;
    visitor.weights = weights;
    visitor.squares = squares_alpha != 0;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start();
    walk_tile<float>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const Sums &sums = visitor.pixels[p];
        float share = sums.share();
        tile.store(p, share * sums.red, share * sums.green, share * sums.blue, sums.cover(),
                   sums.mean_depth());
    }
}
