// Neural materials: the latent texture, what it reflects and how directions are drawn for it, as
// voile.render.materials.decode and proposal define them (Zeltner et al. 2024, Walter et al. 2007).
//
// Nets have the shape that NET_LATENTS, NET_FRAMES, NET_HIDDEN and NET_SAMPLER say, so that their
// loops are unrolled and what is between layers stays in registers. Numbers lie as
// voile.render.materials.glsl.pack puts them: of a layer, for every four outputs, their bias and
// then one column for each input, inputs in groups of four; texels in groups of four.
#pragma once

#include "vector.cuh"

#define GROUPS(count) (((count) + 3) / 4)

// Weights of a layer that are unrolled; of a larger one, eight inputs to four outputs at a time: its
// numbers are in local memory.
#define UNROLLED 2048

// Where one lies: the rows of voile.render.materials.glsl.place_rows.
struct alignas(16) Material {
    unsigned net, texels;
    int width, height;
    float albedo[3], present;  // whether it is of this shape
};

#define LATENT_GROUPS GROUPS(NET_LATENTS)
#define DIRECTION_FRAMES (NET_FRAMES > 0 ? NET_FRAMES : 1)
#define DIRECTION_GROUPS GROUPS(6 * DIRECTION_FRAMES)

// The same address, of which the compiler knows nothing: it would else read all weights of a loop
// before the loop, and has no registers for them.
__device__ inline const float4 *unknown(const float4 *address) {
#ifdef __CUDA_ARCH__
    asm volatile("" : "+l"(address));
#endif
    return address;
}

// sum[0..3] += column value
__device__ inline void add_column(float *sum, float4 column, float value) {
    sum[0] += column.x * value;
    sum[1] += column.y * value;
    sum[2] += column.z * value;
    sum[3] += column.w * value;
}

// A layer from IN groups of numbers to OUT groups, for COUNT inputs: each weight is read once.
template <int COUNT, int IN, int OUT>
struct Layer {
    static constexpr int STEP = 1 + 4 * IN, SIZE = OUT * STEP;
    static constexpr bool WHOLE = 16 * IN * OUT <= UNROLLED;
    static constexpr int TIMES = WHOLE ? OUT : 1, COLUMNS = WHOLE ? 4 * IN : 8;

    __device__ static void run(const float4 *__restrict__ numbers, const float (&x)[COUNT][4 * IN],
                               float (&y)[COUNT][4 * OUT]) {
#pragma unroll TIMES
        for (int group = 0; group < OUT; ++group) {
            const float4 *row = numbers + group * STEP;
            float4 bias = row[0];
            float sum[COUNT][4];
#pragma unroll
            for (int c = 0; c < COUNT; ++c) {
                sum[c][0] = bias.x;
                sum[c][1] = bias.y;
                sum[c][2] = bias.z;
                sum[c][3] = bias.w;
            }
#pragma unroll COLUMNS
            for (int j = 0; j < 4 * IN; ++j) {
                float4 column = row[1 + j];
#pragma unroll
                for (int c = 0; c < COUNT; ++c) add_column(sum[c], column, x[c][j]);
            }
#pragma unroll
            for (int c = 0; c < COUNT; ++c)
#pragma unroll
                for (int i = 0; i < 4; ++i) y[c][4 * group + i] = sum[c][i];
        }
    }
};

template <int COUNT, int SIZE>
__device__ inline void rectify(float (&x)[COUNT][SIZE]) {
#pragma unroll
    for (int c = 0; c < COUNT; ++c)
#pragma unroll
        for (int j = 0; j < SIZE; ++j) x[c][j] = fmaxf(x[c][j], 0.0f);
}

// Layers of WIDTH numbers and so on one after the other, with rectified units between them; the last
// has four or fewer.
template <int COUNT, int IN, int WIDTH, int... MORE>
struct Perceptron {
    using First = Layer<COUNT, IN, GROUPS(WIDTH)>;
    using Rest = Perceptron<COUNT, GROUPS(WIDTH), MORE...>;
    static constexpr int SIZE = First::SIZE + Rest::SIZE;

    __device__ static void run(const float4 *__restrict__ numbers, const float (&x)[COUNT][4 * IN],
                               float (&y)[COUNT][4]) {
        float hidden[COUNT][4 * GROUPS(WIDTH)];
        First::run(numbers, x, hidden);
        rectify(hidden);
        Rest::run(numbers + First::SIZE, hidden, y);
    }
};
template <int COUNT, int IN, int WIDTH>
struct Perceptron<COUNT, IN, WIDTH> : Layer<COUNT, IN, GROUPS(WIDTH)> {};

// Latents of a point, in a row of one for `Layer`.
typedef float Latents[1][4 * LATENT_GROUPS];

// The decoder at a point: what does not depend on the direction to the light is done once.
template <int WIDTH, int... MORE>
struct DecoderOf {
    static constexpr int OUT = GROUPS(WIDTH), STEP = 1 + 4 * (LATENT_GROUPS + DIRECTION_GROUPS);
    using Frames = Layer<1, LATENT_GROUPS, GROUPS(6 * DIRECTION_FRAMES)>;
    template <int COUNT>
    using Rest = Perceptron<COUNT, OUT, MORE...>;
    static constexpr int TIMES = 4 * OUT * STEP <= UNROLLED ? OUT : 1;
    static constexpr int START = NET_FRAMES > 0 ? Frames::SIZE : 0;
    static constexpr int SIZE = START + OUT * STEP + Rest<1>::SIZE;

    const float4 *net;
    Frame frames[DIRECTION_FRAMES];
    float sums[4 * OUT];  // of the first layer, without the direction to the light

    // `net` is the first of the material's numbers; `w_o` is to the viewer.
    __device__ DecoderOf(const float4 *net, const Latents &z, Vec w_o) : net(net) {
        frames[0] = {{1.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}};
        if (NET_FRAMES > 0) {
            float raw[1][4 * GROUPS(6 * DIRECTION_FRAMES)];
            Frames::run(net, z, raw);
#pragma unroll
            for (int k = 0; k < DIRECTION_FRAMES; ++k) {
                const float *f = raw[0] + 6 * k;
                Vec n = unit(Vec{f[0], f[1], f[2]}), t{f[3], f[4], f[5]};
                t = unit(t - dot(t, n) * n);
                frames[k] = {t, cross(n, t), n};
            }
        }
        Vec turned[DIRECTION_FRAMES];
#pragma unroll
        for (int k = 0; k < DIRECTION_FRAMES; ++k) turned[k] = into(frames[k], w_o);
#pragma unroll TIMES
        for (int group = 0; group < OUT; ++group) {
            const float4 *row = net + START + group * STEP;
            float sum[4] = {row[0].x, row[0].y, row[0].z, row[0].w};
#pragma unroll
            for (int j = 0; j < NET_LATENTS; ++j) add_column(sum, row[1 + j], z[0][j]);
            const float4 *directions = row + 1 + 4 * LATENT_GROUPS;
#pragma unroll
            for (int k = 0; k < DIRECTION_FRAMES; ++k)
                add_direction(sum, directions + 6 * k + 3, turned[k]);
#pragma unroll
            for (int i = 0; i < 4; ++i) sums[4 * group + i] = sum[i];
        }
    }

    __device__ static void add_direction(float *sum, const float4 *columns, Vec w) {
        add_column(sum, columns[0], w.x);
        add_column(sum, columns[1], w.y);
        add_column(sum, columns[2], w.z);
    }

    // Reflectance towards the viewer from COUNT directions, 1/sr; whether these are above the surface
    // is for the caller to see.
    template <int COUNT>
    __device__ void reflect(const Vec (&w_i)[COUNT], Vec (&reflected)[COUNT]) const {
        const float4 *start = unknown(net) + START;
        Vec turned[COUNT][DIRECTION_FRAMES];
#pragma unroll
        for (int c = 0; c < COUNT; ++c)
#pragma unroll
            for (int k = 0; k < DIRECTION_FRAMES; ++k) turned[c][k] = into(frames[k], w_i[c]);
        float hidden[COUNT][4 * OUT], y[COUNT][4];
#pragma unroll TIMES
        for (int group = 0; group < OUT; ++group) {
            const float4 *columns = start + group * STEP + 1 + 4 * LATENT_GROUPS;
            float sum[COUNT][4];
#pragma unroll
            for (int c = 0; c < COUNT; ++c) {
#pragma unroll
                for (int i = 0; i < 4; ++i) sum[c][i] = sums[4 * group + i];
#pragma unroll
                for (int k = 0; k < DIRECTION_FRAMES; ++k)
                    add_direction(sum[c], columns + 6 * k, turned[c][k]);
#pragma unroll
                for (int i = 0; i < 4; ++i) hidden[c][4 * group + i] = sum[c][i];
            }
        }
        rectify(hidden);
        Rest<COUNT>::run(start + OUT * STEP, hidden, y);
#pragma unroll
        for (int c = 0; c < COUNT; ++c)
            reflected[c] = {exp_of(y[c][0]), exp_of(y[c][1]), exp_of(y[c][2])};
    }

    __device__ static float exp_of(float x) {
        return expf(clampf(x, -float(NEURAL_MOST_LOG), float(NEURAL_MOST_LOG)));
    }
};

typedef DecoderOf<NET_HIDDEN, 3> Decoder;
typedef Perceptron<1, LATENT_GROUPS + 1, NET_SAMPLER, 4> Sampler;

// A GGX lobe about a normal, taken with the probability `share`, and a cosine lobe.
struct Lobes {
    Vec normal;
    float alpha, share;

    // `net` is the first of the material's numbers.
    __device__ Lobes(const float4 *net, const Latents &z, Vec w_o) {
        float x[1][4 * (LATENT_GROUPS + 1)], y[1][4];
#pragma unroll
        for (int j = 0; j < 4 * LATENT_GROUPS; ++j) x[0][j] = z[0][j];
        float *end = x[0] + 4 * LATENT_GROUPS;
        end[0] = w_o.x;
        end[1] = w_o.y;
        end[2] = w_o.z;
        end[3] = 0.0f;
        Sampler::run(net + Decoder::SIZE, x, y);
        const float most = float(LOBE_MOST_SLOPE), part = float(LOBE_LEAST_SHARE);
        normal = unit(Vec{clampf(y[0][0], -most, most), clampf(y[0][1], -most, most), 1.0f});
        alpha = float(LOBE_LEAST_ALPHA) + (1.0f - float(LOBE_LEAST_ALPHA)) * sigmoid(y[0][2]);
        share = part + (1.0f - 2.0f * part) * sigmoid(y[0][3]);
    }

    __device__ static float sigmoid(float x) { return 1.0f / (1.0f + expf(-clampf(x, -30.0f, 30.0f))); }

    __device__ static Vec polar(float cosine, float angle) {
        float sine = sqrtf(fmaxf(0.0f, 1.0f - cosine * cosine));
        return {sine * cosf(angle), sine * sinf(angle), cosine};
    }

    // A direction to the light, by random numbers.
    __device__ Vec sample(Vec w_o, const float u[3]) const {
        float angle = 6.283185307179586f * u[0];
        if (!(u[2] < share)) return polar(sqrtf(1.0f - u[1]), angle);
        float square = alpha * alpha;
        Vec h = polar(sqrtf((1.0f - u[1]) / (1.0f + (square - 1.0f) * u[1])), angle), n = normal;
        float a = -1.0f / (1.0f + n.z), b = n.x * n.y * a;  // n.z > 0: slopes are finite
        Frame turned{{1.0f + n.x * n.x * a, b, -n.x}, {b, 1.0f + n.y * n.y * a, -n.y}, n};
        h = out_of(turned, h);
        return 2.0f * dot(w_o, h) * h - w_o;
    }

    // Of a direction to the light, 1/sr.
    __device__ float density(Vec w_i, Vec w_o) const {
        Vec h = unit(w_i + w_o);
        float cos_n = fmaxf(dot(h, normal), 0.0f), cos_o = fmaxf(fabsf(dot(h, w_o)), 1e-6f);
        float square = alpha * alpha, spread = cos_n * cos_n * (square - 1.0f) + 1.0f;
        float lobe = square * cos_n / (3.14159265358979f * spread * spread) / (4.0f * cos_o);
        return share * lobe + (1.0f - share) * fmaxf(w_i.z, 0.0f) / 3.14159265358979f;
    }
};

// The level of a texture that fits a footprint in widths of it.
__device__ inline float level_of(const Material &m, float footprint) {
    float texels = fmaxf(footprint * float(most(m.width, m.height)), 1.0f);
    return log2f((texels + float(LATENT_SPREAD - 1.0)) / float(LATENT_SPREAD));
}

// z += share of a level, which begins at `texels`, between its texels; it repeats.
__device__ inline void add_bilinear(const float4 *texels, int width, int height, float u, float v,
                                    float share, Latents &z) {
    float x = (u - floorf(u)) * float(width) - 0.5f, y = (v - floorf(v)) * float(height) - 0.5f;
    float left = floorf(x), top = floorf(y), fx = x - left, fy = y - top;
    for (int k = 0; k < 4; ++k) {
        int column = (int(left) + (k & 1)) & (width - 1), row = (int(top) + (k >> 1)) & (height - 1);
        float part = share * (k & 1 ? fx : 1.0f - fx) * (k >> 1 ? fy : 1.0f - fy);
        const float4 *texel = texels + (size_t(row) * width + column) * LATENT_GROUPS;
#pragma unroll
        for (int j = 0; j < LATENT_GROUPS; ++j) add_column(z[0] + 4 * j, texel[j], part);
    }
}

// z += share of the texture at u, v; `level` is of level_of.
__device__ inline void add_texture(const float4 *numbers, const Material &m, float u, float v,
                                   float level, float share, Latents &z) {
    int width = m.width, height = m.height;
    level = clampf(level, 0.0f, log2f(float(most(width, height))));
    const float4 *texels = numbers + m.texels;
    for (; level >= 1.0f; level -= 1.0f) {
        texels += size_t(width) * height * LATENT_GROUPS;
        width = most(width / 2, 1);
        height = most(height / 2, 1);
    }
    add_bilinear(texels, width, height, u, v, share * (1.0f - level), z);
    if (level > 0.0f)
        add_bilinear(texels + size_t(width) * height * LATENT_GROUPS, most(width / 2, 1),
                     most(height / 2, 1), u, v, share * level, z);
}
