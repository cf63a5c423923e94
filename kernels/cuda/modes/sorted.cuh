// `sorted`: composites front to back (Kerbl et al. 2023, equation 3). Depth is the mean over what
// covers, or the median (Huang et al. 2024): where the transmittance comes to 0.5 or below.
#pragma once

#include "../footprint.cuh"

struct SortedPixel {
    float transmittance, red, green, blue, depth;

    BOTH void clear() {
        transmittance = 1.0f;
        red = green = blue = depth = 0.0f;
    }

    template <int DEPTH>
    BOTH void add(const Footprint &splat, float alpha, float at) {
        float weight = alpha * transmittance, before = transmittance;
        transmittance -= weight;
        red += weight * splat.red;
        green += weight * splat.green;
        blue += weight * splat.blue;
        if (DEPTH == MEAN_DEPTH) depth += weight * at;
        if (DEPTH == MEDIAN_DEPTH && before > 0.5f && transmittance <= 0.5f) depth = at;
    }

    BOTH bool is_opaque() const { return transmittance < float(TRANSMITTANCE_STOP); }

    BOTH float cover() const { return 1.0f - transmittance; }

    BOTH float mean_depth() const { return cover() > 0.0f ? depth / cover() : 0.0f; }
};
