// Light on neural materials, once per pixel and sample; see voile.render.shading.lit, of which this
// is the same: lamps, then the environment by multiple importance sampling (Veach and Guibas 1995)
// of the material's own sampler and of a table of cells.
//
// Files that include this are compiled for each shape of nets: `load` of sources.py says how.
#pragma once

#include "decoder.cuh"
#include "lights.cuh"

// A point to be lit: from the eye in world axes, its normal and its tangent.
struct Point {
    Vec from_eye, normal, tangent;
    unsigned pixel;
};

__device__ inline Vec axis_least_along(Vec n) {
    float x = fabsf(n.x), y = fabsf(n.y), z = fabsf(n.z);
    if (x <= y && x <= z) return {1.0f, 0.0f, 0.0f};
    return y <= z ? Vec{0.0f, 1.0f, 0.0f} : Vec{0.0f, 0.0f, 1.0f};
}

// Tilted towards w until n . w >= LEAST_SLANT.
__device__ inline Vec facing(Vec n, Vec w) {
    const float least_slant = float(LEAST_SLANT);
    float slant = dot(n, w);
    if (slant >= least_slant) return n;
    Vec across = n - slant * w;
    float size = length(across);
    if (!(size > 1e-6f)) return w;
    return (sqrtf(1.0f - least_slant * least_slant) / size) * across + least_slant * w;
}

__device__ inline Frame frame_of(Vec n, Vec tangent) {
    Vec t = tangent - dot(tangent, n) * n, other = axis_least_along(n);
    if (!(length(t) > 1e-6f)) t = other - dot(other, n) * n;
    t = (1.0f / length(t)) * t;
    return {t, cross(n, t), n};
}

// Two directions to the light in the surface's frame, and what comes from them, over the density.
struct Pair {
    Vec w[2], light[2];
};

__device__ inline Pair lamp_pair(const Lights &lights, int first, Vec place, const Frame &frame) {
    Pair pair;
    for (int k = 0; k < 2; ++k) {
        pair.w[k] = {0.0f, 0.0f, -1.0f};
        pair.light[k] = {0.0f, 0.0f, 0.0f};
        if (first + k >= lights.lamp_count) continue;
        Vec towards, light = lights.lamp(first + k, place, towards);
        pair.w[k] = into(frame, towards);
        pair.light[k] = 3.14159265358979f * light;
    }
    return pair;
}

__device__ inline Pair sample_pair(const Lights &lights, int sample, unsigned pixel,
                                   const Lobes &lobes, Vec w_o, const Frame &frame) {
    float u[LIGHT_KEYS];
    for (int k = 0; k < LIGHT_KEYS; ++k) u[k] = lights.number(pixel, sample, k);
    Frame around = lights.environment();
    Pair pair;
    pair.w[0] = lobes.sample(w_o, u);
    Vec out[2] = {into(around, out_of(frame, pair.w[0])), lights.sample(u + 3)};
    pair.w[1] = into(frame, out_of(around, out[1]));
    for (int k = 0; k < 2; ++k) {
        float density;
        Vec radiance = lights.radiance(out[k], density);
        float chance = lobes.density(pair.w[k], w_o) + density;
        pair.light[k] = (lights.numbers.gain / (float(lights.samples) * chance)) * radiance;
    }
    return pair;
}

// Radiance of a point towards the viewer, linear light.
__device__ inline Vec lit(const Lights &lights, const View &view, const float4 *net,
                          const Latents &z, const Point &point) {
    Vec to_viewer = (-1.0f / length(point.from_eye)) * point.from_eye;
    Frame frame = frame_of(facing(point.normal, to_viewer), point.tangent);
    Vec w_o = into(frame, to_viewer), place = placed(view, point.from_eye), sum{0.0f, 0.0f, 0.0f};
    Lobes lobes(net, z, w_o);
    Decoder decoder(net, z, w_o);
    int lamp_pairs = (lights.lamp_count + 1) / 2;
    // One loop over all directions, so that the net is in the kernel once.
    for (int k = 0; k < lamp_pairs + lights.samples; ++k) {
        Pair pair = k < lamp_pairs
                        ? lamp_pair(lights, 2 * k, place, frame)
                        : sample_pair(lights, k - lamp_pairs, point.pixel, lobes, w_o, frame);
        Vec reflected[2];
        decoder.reflect(pair.w, reflected);
        for (int c = 0; c < 2; ++c)
            if (pair.w[c].z > 0.0f && w_o.z > 0.0f)
                sum = sum + pair.w[c].z * (reflected[c] * pair.light[c]);
    }
    return sum;
}
