// `weighted` and its gradient; the equations are in voile.kernels.cpu.grad.weighted.
#pragma once

#include "../modes/sums.cuh"
#include "collect.cuh"

struct WeightedVisitor {
    static const bool TAKES_ZERO = false, LIMITED = false;
    const float *weights;
    Sums pixels[PIXELS];

    __device__ float value(int member) const { return weights[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const float &value, float alpha,
                        float at) {
        pixels[p].clear *= 1.0f - alpha;
        pixels[p].add(splat, value * alpha, at);
    }
};

// rasterize_weighted that keeps the sums of the weights, `totals` (H, W).
template <class Splat>
__device__ inline void draw_weighted_tile(Tile tile, const float *weights, float *totals) {
    WeightedVisitor visitor;
    visitor.weights = weights;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start();
    walk_tile<Splat, float>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const Sums &sums = visitor.pixels[p];
        float share = sums.share();
        tile.store(p, share * sums.red, share * sums.green, share * sums.blue, sums.cover(),
                   sums.mean_depth());
        if (tile.inside(p)) totals[tile.pixel(p)] = sums.weight;
    }
}

// s g, g_z / W, s g . m + g_z Z / W and P (g . m + g_a), with s = (1 - P) / W.
struct WeightedSlopes {
    float red, green, blue, depth, mean, clear;

    __device__ void start(const Drawn &drawn, float total) {
        red = green = blue = depth = mean = clear = 0.0f;
        if (!(total > 0.0f)) return;
        float scale = drawn.alpha / total, along = drawn.along() / drawn.alpha;
        red = scale * drawn.by_color[0];
        green = scale * drawn.by_color[1];
        blue = scale * drawn.by_color[2];
        depth = drawn.by_depth / total;
        mean = along * scale + depth * drawn.depth;
        clear = (1.0f - drawn.alpha) * (along + drawn.by_alpha);
    }

    // What the loss gains by what is seen of a splat.
    __device__ float along(const Footprint &splat, float at) const {
        float along = red * splat.red + green * splat.green + blue * splat.blue - mean;
        return along + depth * at;
    }

    __device__ void color(float share, float *slots) const {
        slots[OF_RED] += share * red;
        slots[OF_GREEN] += share * green;
        slots[OF_BLUE] += share * blue;
    }

    __device__ Slope add(const Footprint &splat, float weight, float alpha, float at,
                         float *slots) const {
        float share = weight * alpha, along = this->along(splat, at);
        color(share, slots);
        slots[OF_WEIGHT] += share * along;
        float e = share * along + alpha / (1.0f - alpha) * clear;
        return {alpha < float(ALPHA_MAX) ? e : 0.0f, share * depth};
    }
};

struct WeightedCollector {
    using Value = float;
    const float *weights;
    WeightedSlopes pixels[PIXELS];

    __device__ float value(int member) const { return weights[member]; }
    __device__ bool done(int) const { return false; }
    __device__ Slope add(int p, const Footprint &splat, float weight, float alpha, float at,
                         float *slots) {
        return pixels[p].add(splat, weight, alpha, at, slots);
    }
};

template <class Splat>
__device__ inline void collect_weighted_tile(const Tile &tile, DRAWN_ARGUMENTS,
                                             const float *weights, const float *totals,
                                             float *entries) {
    WeightedCollector visitor;
    visitor.weights = weights;
    for (int p = 0; p < PIXELS; ++p) {
        Drawn drawn = {};
        float total = 0.0f;
        if (tile.inside(p)) {
            drawn = drawn_at(tile.pixel(p), color, alpha, depth, by_color, by_alpha, by_depth);
            total = totals[tile.pixel(p)];
        }
        visitor.pixels[p].start(drawn, total);
    }
    collect_tile<Splat>(tile, visitor, entries);
}
