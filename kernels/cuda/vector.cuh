// Vectors of three numbers.
#pragma once

#include "common.cuh"

struct Vec {
    float x, y, z;
};

BOTH Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
BOTH Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
BOTH Vec operator-(Vec a) { return {-a.x, -a.y, -a.z}; }
BOTH Vec operator*(float s, Vec a) { return {s * a.x, s * a.y, s * a.z}; }
BOTH Vec operator*(Vec a, Vec b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
BOTH float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
BOTH Vec cross(Vec a, Vec b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
BOTH float length(Vec a) { return sqrtf(dot(a, a)); }

// Of length one; shorter where it is close to zero, as `unit` of voile.render.materials.decode.
BOTH Vec unit(Vec a) { return (1.0f / sqrtf(fmaxf(dot(a, a), float(NEURAL_LEAST_SQUARE)))) * a; }

// Axes of a frame: along x, y and z of what is given in it.
struct Frame {
    Vec t, b, n;
};

BOTH Vec into(const Frame &f, Vec w) { return {dot(f.t, w), dot(f.b, w), dot(f.n, w)}; }
BOTH Vec out_of(const Frame &f, Vec w) { return w.x * f.t + w.y * f.b + w.z * f.n; }
