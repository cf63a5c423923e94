// What lights a scene: lamps, the environment, and directions that are drawn from it (Walker 1974);
// see voile.render.shading: environment, lamps and sampling.
#pragma once

#include "random.cuh"
#include "vector.cuh"

// Numbers of a frame, float32 in this order: voile.render.cuda.lighting packs them.
struct Lighting {
    float to_environment[9];  // rows, from world axes
    float irradiance[27];     // over pi, by harmonics of the direction in the environment's axes
    float gain;               // of its radiance
    float relight, tint, repeats;
};

struct Lamp {
    float place[3], is_point, light[3], none;
};

#define LIGHT_KEYS 7  // random numbers of a sample: three for the material, four for the environment

// `keys`: those of each sample's random numbers. `image`: (rows, columns, 3) radiance of the
// environment. `shares`, `others`, `densities`: its table of SKY_ROWS x SKY_COLUMNS cells.
#define LIGHT_ARGUMENTS                                                                          \
    const Lighting *lighting, const Lamp *lamps, int lamp_count, const unsigned *keys, int samples, \
        const float *image, int rows, int columns, const float *shares, const int *others,       \
        const float *densities

#define LIGHT_GIVEN \
    {*lighting, lamps, keys, image, shares, others, densities, lamp_count, samples, rows, columns}

struct Lights {
    const Lighting &numbers;
    const Lamp *lamps;
    const unsigned *keys;
    const float *image, *shares;
    const int *others;
    const float *densities;
    int lamp_count, samples, rows, columns;

    __device__ Frame environment() const {
        const float *m = numbers.to_environment;
        return {{m[0], m[1], m[2]}, {m[3], m[4], m[5]}, {m[6], m[7], m[8]}};
    }

    // Of a lamp at a point: the direction to it, and its light on a surface that faces it, over pi.
    __device__ Vec lamp(int k, Vec at, Vec &direction) const {
        const Lamp &lamp = lamps[k];
        Vec away{lamp.place[0], lamp.place[1], lamp.place[2]};
        Vec light{lamp.light[0], lamp.light[1], lamp.light[2]};
        if (lamp.is_point > 0.0f) {
            away = away - at;
            float far = fmaxf(length(away), float(CLOSEST_LAMP));
            away = (1.0f / far) * away;
            light = (1.0f / (far * far)) * light;
        }
        direction = away;
        return light;
    }

    // From all around on a surface with this normal, over pi.
    __device__ Vec around(Vec normal) const {
        Vec d = into(environment(), normal);
        float basis[9] = {
            0.28209479177387814f, -0.4886025119029199f * d.y, 0.4886025119029199f * d.z,
            -0.4886025119029199f * d.x, 1.0925484305920792f * d.x * d.y,
            -1.0925484305920792f * d.y * d.z,
            0.31539156525252005f * (2.0f * d.z * d.z - d.x * d.x - d.y * d.y),
            -1.0925484305920792f * d.x * d.z, 0.5462742152960396f * (d.x * d.x - d.y * d.y)};
        float sum[3] = {0.0f, 0.0f, 0.0f};
        for (int k = 0; k < 9; ++k)
            for (int c = 0; c < 3; ++c) sum[c] += basis[k] * numbers.irradiance[3 * k + c];
        return {fmaxf(sum[0], 0.0f), fmaxf(sum[1], 0.0f), fmaxf(sum[2], 0.0f)};
    }

    // Random number `dimension` of a sample at a pixel.
    __device__ float number(unsigned pixel, int sample, int dimension) const {
        return random_number(pixel, keys[LIGHT_KEYS * sample + dimension]);
    }

    // A direction in the environment's axes, by random numbers.
    __device__ Vec sample(const float u[4]) const {
        const int count = SKY_ROWS * SKY_COLUMNS;
        int cell = least(int(u[0] * float(count)), count - 1);
        if (!(u[1] < shares[cell])) cell = others[cell];
        int row = cell / SKY_COLUMNS, column = cell - row * SKY_COLUMNS;
        const float pi = 3.14159265358979f;
        float top = cosf(pi * float(row) / float(SKY_ROWS));
        float bottom = cosf(pi * float(row + 1) / float(SKY_ROWS));
        float y = top + (bottom - top) * u[2], sine = sqrtf(fmaxf(0.0f, 1.0f - y * y));
        float azimuth = 2.0f * pi * ((float(column) + u[3]) / float(SKY_COLUMNS) - 0.5f);
        return {sine * sinf(azimuth), y, -sine * cosf(azimuth)};
    }

    // Radiance from a direction in the environment's axes, and the density of drawing it, 1/sr.
    __device__ Vec radiance(Vec d, float &density) const {
        const float pi = 3.14159265358979f;
        float u = 0.5f + atan2f(d.x, -d.z) / (2.0f * pi), v = acosf(clampf(d.y, -1.0f, 1.0f)) / pi;
        int row = most(least(int(v * float(SKY_ROWS)), SKY_ROWS - 1), 0);
        int column = most(least(int(u * float(SKY_COLUMNS)), SKY_COLUMNS - 1), 0);
        density = densities[row * SKY_COLUMNS + column];
        float x = u * float(columns) - 0.5f;
        float y = clampf(v * float(rows) - 0.5f, 0.0f, float(rows) - 1.0f);
        float left = floorf(x), top = floorf(y);
        int x0 = (int(left) + columns) % columns, y0 = int(top);
        int x1 = (x0 + 1) % columns, y1 = least(y0 + 1, rows - 1);
        float fx = x - left, fy = y - top;
        Vec above = (1.0f - fx) * pixel(x0, y0) + fx * pixel(x1, y0);
        Vec below = (1.0f - fx) * pixel(x0, y1) + fx * pixel(x1, y1);
        return (1.0f - fy) * above + fy * below;
    }

    __device__ Vec pixel(int x, int y) const {
        const float *at = image + 3 * (size_t(y) * columns + x);
        return {at[0], at[1], at[2]};
    }
};

// Linear light as a display shows it, by sRGB.
__device__ inline float display_of(float light) {
    return light <= 0.0031308f ? 12.92f * light : 1.055f * powf(light, 1.0f / 2.4f) - 0.055f;
}
__device__ inline Vec display_of(Vec light) {
    return {display_of(light.x), display_of(light.y), display_of(light.z)};
}

// Where a pixel's ray is at a view depth, counted from the eye, in world axes.
__device__ inline Vec along_ray(const View &view, int x, int y, float depth) {
    float a = (float(x) + 0.5f - view.centre[0]) / view.focal[0];
    float b = (float(y) + 0.5f - view.centre[1]) / view.focal[1];
    const float *r = view.rotation;
    return depth * Vec{a * r[0] + b * r[3] + r[6], a * r[1] + b * r[4] + r[7],
                       a * r[2] + b * r[5] + r[8]};
}

// From there to world units.
__device__ inline Vec placed(const View &view, Vec from_eye) {
    const float *low = view.eye_low, *high = view.eye_high;
    return (from_eye + Vec{low[0], low[1], low[2]}) + Vec{high[0], high[1], high[2]};
}
