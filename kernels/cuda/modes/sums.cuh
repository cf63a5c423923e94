// Weighted sums at a pixel: what every mode without an order ends in; see voile.kernels.cpu.sums.
#pragma once

#include "../footprint.cuh"

struct Sums {
    float clear, red, green, blue, depth, weight;

    BOTH void start() {
        clear = 1.0f;
        red = green = blue = depth = weight = 0.0f;
    }

    // Adds a splat by w alpha, at a depth.
    template <int DEPTH = MEAN_DEPTH>
    BOTH void add(const Footprint &splat, float share, float at) {
        red += share * splat.red;
        green += share * splat.green;
        blue += share * splat.blue;
        if (DEPTH != NO_DEPTH) depth += share * at;
        weight += share;
    }

    // C = (1 - T) sum w alpha c / sum w alpha.
    BOTH float share() const { return weight > 0.0f ? cover() / weight : 0.0f; }
    BOTH float cover() const { return weight > 0.0f ? 1.0f - clear : 0.0f; }
    BOTH float mean_depth() const { return weight > 0.0f ? depth / weight : 0.0f; }
};
