// `cells`: sums inside a cell, front to back between cells; see voile.render.modes.cells.
#pragma once

#include "sorted.cuh"
#include "sums.cuh"

struct CellPixel {
    SortedPixel picture;
    Sums sums;                     // of the cell at hand
    float total, mean, sharpness;  // sums of tau, tau z, tau z^2; then mean and 1 / spread

    BOTH void clear() {
        picture.clear();
        start_cell();
    }

    BOTH void start_cell() {
        sums.start();
        total = mean = sharpness = 0.0f;
    }

    // `z` is depth from that of the cell's first splat.
    BOTH void add_moments(float z, float alpha) {
        float tau = log2_depth(alpha);
        total += tau;
        mean += tau * z;
        sharpness += tau * z * z;
    }

    // `origin` is what `z` was counted from.
    BOTH void find_spread(float origin) {
        float inverse = rough_inverse(fmaxf(total, 1e-30f));
        mean *= inverse;
        float variance = fmaxf(sharpness * inverse - mean * mean, 0.0f);
        float least_spread = float(CELL_SPREAD) * (origin + mean);
        sharpness = rough_inverse_sqrt(variance + least_spread * least_spread);
    }

    BOTH void add(const Footprint &splat, float z, float alpha, float at) {
        float x = (z - mean) * sharpness;
        float in_front = 0.5f + 0.5f * x * rough_inverse_sqrt(1.0f + x * x);
        sums.add(splat, alpha * exp2f(fmaxf(-total * in_front, float(LOG2_HIDDEN))), at);
    }

    // Puts the cell behind what is there.
    BOTH void composite() {
        if (sums.weight > 0.0f) {
            float clear = exp2f(fmaxf(-total, float(LOG2_HIDDEN)));
            float share = picture.transmittance * (1.0f - clear) / fmaxf(sums.weight, 1e-36f);
            picture.transmittance *= clear;
            picture.red += share * sums.red;
            picture.green += share * sums.green;
            picture.blue += share * sums.blue;
            picture.depth += share * sums.depth;
        }
        start_cell();
    }
};
