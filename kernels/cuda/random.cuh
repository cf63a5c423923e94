// Random numbers by hashing, bit for bit those of voile.render.modes.stochastic.
#pragma once

#include "common.cuh"

BOTH unsigned mixed(unsigned x) {
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0xD35A2D97u;
    return x ^ (x >> 15);
}

// Uniform in [0, 1) with 24 bits.
BOTH float random_number(unsigned pixel, unsigned key) {
    return float(mixed(pixel + key) >> 8) * (1.0f / 16777216.0f);
}
