// `sorted`: composites front to back (Kerbl et al. 2023, equation 3).
#pragma once

#include "../footprint.cuh"

struct SortedPixel {
    float transmittance, red, green, blue, depth;

    BOTH void clear() {
        transmittance = 1.0f;
        red = green = blue = depth = 0.0f;
    }

    BOTH void add(const Footprint &splat, float alpha, float at) {
        float weight = alpha * transmittance;
        transmittance -= weight;
        red += weight * splat.red;
        green += weight * splat.green;
        blue += weight * splat.blue;
        depth += weight * at;
    }

    BOTH bool is_opaque() const { return transmittance < float(TRANSMITTANCE_STOP); }

    BOTH float cover() const { return 1.0f - transmittance; }

    BOTH float mean_depth() const { return cover() > 0.0f ? depth / cover() : 0.0f; }
};
