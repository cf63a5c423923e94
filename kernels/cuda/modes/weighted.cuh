// Weights of `weighted` and `learned`; the equations are in voile.render.modes.weighted.
#pragma once

#include "sums.cuh"

#define LOG2_E 1.4426950408889634f

// beta u beyond which all weights are at their floor, so that its sixth power is in float32.
#define FARTHEST 1e6f

BOTH float cube(float x) { return x * x * x; }

BOTH float clamped_weight(float w) { return clampf(w, 1e-2f, 3e3f); }

// Weight of x = beta u; kinds are numbered by voile.kernels.cuda.sources.
BOTH float weight_of(int kind, float x, float lowest) {
    float square = x * x / 4e4f;
    switch (kind) {
        case WEIGHT_LINEAR: return fmaxf(1.0f - x / 40.0f, 1e-3f);
        case WEIGHT_MCGUIRE7: return clamped_weight(10.0f / (1e-5f + x * x / 25.0f + cube(square)));
        case WEIGHT_MCGUIRE8:
            return clamped_weight(10.0f / (1e-5f + cube(x / 10.0f) + cube(square)));
        case WEIGHT_MCGUIRE9: return clamped_weight(0.03f / (1e-5f + square * square));
        case WEIGHT_MCGUIRE10: return clamped_weight(3e3f * cube(1.0f / fmaxf(x, 1.0f)));
        default: return exp2f(fmaxf(-x * LOG2_E, lowest));
    }
}
