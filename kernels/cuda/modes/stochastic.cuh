// `stochastic`: random coverage and a depth test (Enderton et al. 2010); see
// voile.render.modes.stochastic.
#pragma once

#include "../footprint.cuh"
#include "../random.cuh"

#define NOTHING 3e38f

// Surfels are tested by the depth of their centres, and show that of the point that is met.
template <bool SURFELS>
struct StochasticPixel {
    float nearest, shown, red, green, blue;                    // of the sample at hand
    float red_sum, green_sum, blue_sum, depth_sum, covered;    // over samples

    BOTH void clear() { red_sum = green_sum = blue_sum = depth_sum = covered = 0.0f; }

    BOTH void start_sample() {
        nearest = NOTHING;
        shown = red = green = blue = 0.0f;
    }

    BOTH void test(const Footprint &splat, float number, float alpha, float at) {
        if (number < alpha && splat.depth < nearest) {
            nearest = splat.depth;
            if (SURFELS) shown = at;
            red = splat.red;
            green = splat.green;
            blue = splat.blue;
        }
    }

    BOTH void end_sample() {
        if (nearest >= NOTHING) return;
        red_sum += red;
        green_sum += green;
        blue_sum += blue;
        depth_sum += SURFELS ? shown : nearest;
        covered += 1.0f;
    }
};
