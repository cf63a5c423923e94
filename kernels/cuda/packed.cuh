// Splats as they lie in memory, packed by voile.render.cuda.packing: 12 bytes of mean, 16 of shape,
// and a row of colour of 8 bytes or a multiple. With storage "float32" nothing is rounded, and a
// shape has 32 bytes.
#pragma once

#include "common.cuh"

struct alignas(16) Shape {
    float quat[4], scale[3], opacity;
};

// The shapes of a scene, and what their codes mean: scales are steps of a logarithm from the least
// of the scene, after 0 for none; quaternions signed parts of 32767; opacities parts of 65535.
struct Shapes {
    const void *rows;
    int storage;
    float low, step;  // log2
};

BOTH float signed_part(unsigned bits) { return float(int(bits << 16) >> 16) * (1.0f / 32767.0f); }

BOTH float scale_of(unsigned code, const Shapes &shapes) {
    // Not 0 by rounding: that is the mark of a surfel.
    return code == 0 ? 0.0f : fmaxf(exp2f(shapes.low + float(code - 1) * shapes.step), 1e-37f);
}

BOTH Shape shape_of(const Shapes &shapes, int splat) {
    if (shapes.storage == STORAGE_FLOAT32) return ((const Shape *)shapes.rows)[splat];
    uint4 words = ((const uint4 *)shapes.rows)[splat];
    Shape shape;
    shape.quat[0] = signed_part(words.x);
    shape.quat[1] = signed_part(words.x >> 16);
    shape.quat[2] = signed_part(words.y);
    shape.quat[3] = signed_part(words.y >> 16);
    shape.scale[0] = scale_of(words.z & 0xffffu, shapes);
    shape.scale[1] = scale_of(words.z >> 16, shapes);
    shape.scale[2] = scale_of(words.w & 0xffffu, shapes);
    shape.opacity = float(words.w >> 16) * (1.0f / 65535.0f);
    return shape;
}

#ifdef __CUDA_ARCH__
__device__ inline float half_to_float(unsigned short bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}
#endif

// Halves lie in pairs of words, read whole: a compiler reads each once for all that is in it.
__device__ inline float half_in(const uint2 *__restrict__ row, int i) {
    uint2 pair = row[i >> 2];
    unsigned word = i & 2 ? pair.y : pair.x;
    return half_to_float((unsigned short)(i & 1 ? word >> 16 : word));
}

// Coefficients of a splat, by what setting `storage` says. Value i is that of channel i % 3.
struct FloatRow {
    const uint2 *row;
    __device__ float operator()(int i) const { return ((const float *)row)[i]; }
};

struct HalfRow {
    const uint2 *row;
    __device__ float operator()(int i) const { return half_in(row, i); }
};

// The constant coefficient and the largest of the others as halves; then these, as signed parts.
struct ByteRow {
    const uint2 *row;
    __device__ float operator()(int i) const {
        if (i < 3) return half_in(row, i);
        uint2 pair = row[1 + ((i - 3) >> 3)];
        unsigned word = (i - 3) & 4 ? pair.y : pair.x;
        int part = int(word << (24 - 8 * ((i - 3) & 3))) >> 24;
        return float(part) * (half_in(row, 3) * (1.0f / 127.0f));
    }
};
