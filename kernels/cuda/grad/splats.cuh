// From entries, what splats collected in each tile, to slopes by the columns of the scene.
#pragma once

#include "harmonics.cuh"
#include "project.cuh"

#define ADDING_ARGUMENTS \
    const int *starts, const int *places, int count, const float *entries, float *totals

// totals (splats, VALUES): a warp adds up the entries of a splat, which are places[starts[j]] to
// places[starts[j + 1]]; always in the same order.
template <class Splat>
__device__ inline void add_up_entries(ADDING_ARGUMENTS) {
    const int VALUES = Entry<Splat>::VALUES, SLOTS = Entry<Splat>::SLOTS;
    int j = thread_place() / WARP, lane = lane_place();
    if (j >= count) return;
    float slots[SLOTS] = {};
    for (int k = starts[j] + lane; k < starts[j + 1]; k += WARP) {
        const float *entry = entries + size_t(places[k]) * VALUES;
        for (int slot = 0; slot < VALUES; ++slot) slots[slot] += entry[slot];
    }
    sum_over_warp(slots, lane);
    int slot = lane * SLOTS / WARP;
    if (lane * SLOTS % WARP == 0 && slot < VALUES) totals[size_t(j) * VALUES + slot] = slots[0];
}

// Slopes by the coefficients of a splat, and along the way those by the direction.
struct ColorSlopes {
    const float *sh;
    float *d_sh;
    float slope[3], toward[3];

    __device__ void operator()(int k, float value, float by_x, float by_y, float by_z) {
        float along = 0.0f;
        for (int channel = 0; channel < 3; ++channel) {
            d_sh[3 * k + channel] = value * slope[channel];
            along += sh[3 * k + channel] * slope[channel];
        }
        toward[0] += along * by_x;
        toward[1] += along * by_y;
        toward[2] += along * by_z;
    }
};

// Slopes by everything of `count` visible splats; those of all others are left as they are, 0.
// `splats` are which they are, `totals` what they have collected. Shape slopes are null where they
// are not wanted, log weights where there are none. `thickness`: what a splat has collected for its
// weight is by the logarithm of its thickness.
#define FOLLOWING_ARGUMENTS \
    const float *means, const float *quats, const float *scales, const float *opacities, \
    const float *sh, const float *log_weights, int thickness, int degree, int antialias, \
    const View *view, const Footprint *footprints, const int *splats, int count, \
    const float *totals, float lowest, float highest, float *d_means, float *d_quats, \
    float *d_scales, float *d_opacities, float *d_sh, float *d_log_weights
#define FOLLOWING \
    means, quats, scales, opacities, sh, log_weights, thickness, degree, antialias, view, \
    footprints, splats, count, totals, lowest, highest, d_means, d_quats, d_scales, \
    d_opacities, d_sh, d_log_weights

// How a splat's own slopes are found; scenes with surfels have their own way.
template <class Splat>
BOTH void slopes_of(const View &view, const float *mean, const float *quat, const float *scale,
                    bool antialias, const Footprint &splat, const float *sums, ShapeSlopes &out) {
    shape_slopes(view, mean, quat, scale, antialias, splat, sums, out);
}

template <class Splat>
__device__ inline void follow(FOLLOWING_ARGUMENTS) {
    int j = thread_place();
    if (j >= count) return;
    size_t i = size_t(splats[j]), coefficients = size_t(degree + 1) * size_t(degree + 1);
    const float *mean = means + 3 * i, *sums = totals + size_t(j) * Entry<Splat>::VALUES;
    const Footprint splat = footprints[j];

    ColorSlopes color = {sh + 3 * coefficients * i, d_sh + 3 * coefficients * i, {}, {}};
    color.slope[0] = splat.red > 0.0f ? sums[OF_RED] : 0.0f;
    color.slope[1] = splat.green > 0.0f ? sums[OF_GREEN] : 0.0f;
    color.slope[2] = splat.blue > 0.0f ? sums[OF_BLUE] : 0.0f;
    float to[3], direction[3];
    from_eye(*view, mean, to);
    direction_to(*view, mean, direction);
    visit_harmonics(degree, direction[0], direction[1], direction[2], color);

    d_opacities[i] = sums[OF_E] / opacities[i];
    if (log_weights) {
        float power = log_weights[i] * float(2.0 * HALF_LOG2_E);
        d_log_weights[i] = lowest < power && power < highest ? sums[OF_WEIGHT] : 0.0f;
    }
    if (!d_means) return;
    ShapeSlopes shape;
    const float *quat = quats + 4 * i, *scale = scales + 3 * i;
    slopes_of<Splat>(*view, mean, quat, scale, antialias != 0, splat, sums, shape);
    if (thickness) add_thickness_slopes(*view, quat, scale, sums[OF_WEIGHT], shape);
    float distance = to[0] * direction[0] + to[1] * direction[1] + to[2] * direction[2];
    float outward = color.toward[0] * direction[0] + color.toward[1] * direction[1] +
                    color.toward[2] * direction[2];
    for (int k = 0; k < 3; ++k) {
        float across = (color.toward[k] - outward * direction[k]) / distance;
        d_means[3 * i + k] = float(shape.mean[k] + across);
        d_scales[3 * i + k] = float(shape.scale[k]);
    }
    for (int k = 0; k < 4; ++k) d_quats[4 * i + k] = float(shape.quat[k]);
}
