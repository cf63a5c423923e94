// `binned` backward at a pixel; the equations are in voile.kernels.cpu.grad.binned and the names
// those of its bin_rows and bin_slopes. Bins are in powers of 2, as in the forward pass; slopes are
// by natural logarithms. All that it keeps is in local memory: several levels of edges and bins.
#pragma once

#include "../modes/binned.cuh"
#include "weighted.cuh"

#define MOST_REFINEMENTS 3
#define LEVELS (MOST_REFINEMENTS + 1)

// Of voile.kernels.cpu.grad.bin_slopes.
#define LEAST_FALL 1e-12f

template <int BINS>
struct BinnedSlopes {
    WeightedSlopes picture;
    float total, mean, sharpness, variance, by_mean, by_spread;
    float edges[LEVELS][BINS + 1];
    float depths[LEVELS][BINS];  // once a level is gone back through, slopes by them
    float by_last[BINS];         // by the depths of the last level
    float by_edges[BINS + 1];    // of the level at hand
    float seen[BINS], gains[BINS];

    // The weights of all splats add up to the coverage.
    __device__ void start(const Drawn &drawn) {
        picture.start(drawn, drawn.alpha);
        total = mean = sharpness = by_mean = by_spread = 0.0f;
    }

    __device__ void add_moments(float y, float alpha) {
        float tau = log2_depth(alpha);
        total += tau;
        mean += tau * y;
        sharpness += tau * y * y;
    }

    __device__ void lay_out() {
        float inverse = 1.0f / fmaxf(total, 1e-30f);
        mean *= inverse;
        variance = fmaxf(sharpness * inverse - mean * mean, 0.0f);
        sharpness = 1.0f / sqrtf(variance + float(BIN_SPREAD * BIN_SPREAD));
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) {
            edges[0][b] = float(b) * (2.0f / BINS) - 1.0f;
            seen[b] = gains[b] = by_last[b] = by_edges[b] = 0.0f;
            for (int level = 0; level < LEVELS; ++level) depths[level][b] = 0.0f;
        }
        edges[0][BINS] = 1.0f;
        by_edges[BINS] = 0.0f;
    }

    // A splat at this pixel, and slopes by what it is there.
    struct Place {
        float x, sharper, tau, alpha, t, shrink, blur;
        float along;  // what the loss gains by its weight
        float weight, e, by_x, by_half, by_tau;
    };

    __device__ Place place(const DepthInBins &at, float alpha) const {
        Place found = {};
        found.t = (at.y - mean) * sharpness;
        found.shrink = 1.0f / sqrtf(1.0f + found.t * found.t);
        found.x = found.t * found.shrink;
        found.blur = float(BIN_THICKNESS) * at.thickness * sharpness * found.shrink *
                     found.shrink * found.shrink;
        found.sharper = 0.5f / (found.blur + float(BIN_LEAST_THICKNESS));
        found.tau = log2_depth(alpha);
        found.alpha = alpha;
        return found;
    }

    // Share of the splat beyond bin b; nothing is beyond the last one.
    __device__ float beyond(const Place &at, int level, int b) const {
        if (b == BINS - 1) return 0.0f;
        return clampf(0.5f + (at.x - edges[level][b + 1]) * at.sharper, 0.0f, 1.0f);
    }

    // Adds tau m_b to every bin of a level.
    __device__ void collect(const Place &at, int level) {
        float rest = 1.0f;
#pragma unroll 1
        for (int b = 0; b < BINS && rest > 0.0f; ++b) {
            float next = beyond(at, level, b);
            depths[level][b] += at.tau * (rest - next);
            rest = next;
        }
    }

    // How a splat takes part in a bin: the bin's share of it, and how what else is in it hides it.
    struct Part {
        float share, place, front, inverse, others, hides, hidden;
    };

    __device__ Part part(const Place &at, int level, int b, float share) const {
        Part found;
        float low = edges[level][b];
        found.share = share;
        found.inverse = 1.0f / fmaxf(edges[level][b + 1] - low, 1e-12f);
        found.place = (at.x - low) * found.inverse;
        found.front = clampf(found.place, 0.0f, 1.0f);
        found.others = fmaxf(depths[level][b] - at.tau * share, 0.0f);
        found.hides = found.others * found.front;
        found.hidden = exp2f(-fminf(found.hides, float(BIN_HIDES)));
        return found;
    }

    // Adds the splat's part to E_b of every bin, and what the loss gains by it.
    __device__ void share_out(const Place &at, int level) {
        float rest = 1.0f;
#pragma unroll 1
        for (int b = 0; b < BINS && rest > 0.0f; ++b) {
            float next = beyond(at, level, b);
            float own = at.alpha * (rest - next) * part(at, level, b, rest - next).hidden;
            seen[b] += own;
            gains[b] += at.along * own;
            rest = next;
        }
    }

    // What is lost in a bin of the transmittance before it.
    __device__ float fall(int level, int b, float clear) const {
        return clear * -expm1f(float(-LN2) * depths[level][b]);
    }

    // From slopes by what is lost in the bins to slopes by what is in them; `clear` is what is left.
    __device__ void by_depths(const float *by_falls, const float *falls, float clear,
                              float *out) const {
        float behind = 0.0f;
#pragma unroll 1
        for (int b = BINS - 1; b >= 0; --b) {
            float slope = by_falls[b];
            out[b] = slope * clear - behind;
            behind += slope * falls[b];
            clear += falls[b];
        }
    }

    // From E_b and the gains of the bins to W_b / E_b, mean gains, and slopes by B_b through W.
    __device__ void find_gains(int level) {
        float falls[BINS], clear = 1.0f;
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) {
            falls[b] = fall(level, b, clear);
            float inverse = seen[b] > 1e-30f ? 1.0f / seen[b] : 0.0f;
            seen[b] = falls[b] * inverse;
            gains[b] *= inverse;
            clear -= falls[b];
        }
        by_depths(gains, falls, clear, by_last);
    }

    // Slope by the share `rest` beyond edge b, to slopes by x, thickness and the edge.
    __device__ void move_edge(Place &at, float rest, float slope, int b, bool gathers) {
        if (!(rest > 0.0f && rest < 1.0f)) return;
        float moved = slope * at.sharper;
        at.by_x += moved;
        at.by_half -= 2.0f * moved * (rest - 0.5f);
        if (gathers) by_edges[b] -= moved;
    }

    // The splat's weight backwards: to alpha, tau and place, and where it gathers to bins and edges.
    __device__ void split(Place &at, int level, bool gathers) {
        float rest = 1.0f, before = 0.0f, tau = float(LN2) * at.tau;
#pragma unroll 1
        for (int b = 0; b < BINS && rest > 0.0f; ++b) {
            float next = beyond(at, level, b), by_share = 0.0f;
            if (rest > next) {
                Part in = part(at, level, b, rest - next);
                float own = at.alpha * in.share * in.hidden, slope = seen[b] * (at.along - gains[b]);
                at.weight += own * seen[b];
                at.e += slope * own;
                bool free = in.others > 0.0f && in.hides < float(BIN_HIDES);
                float by_hides = free ? -slope * own : 0.0f, by_bin = by_hides * in.front;
                at.by_tau -= by_bin * in.share;
                by_share = slope * at.alpha * in.hidden - by_bin * tau;
                bool inside = in.place > 0.0f && in.place < 1.0f;
                float moved = inside ? by_hides * float(LN2) * in.others * in.inverse : 0.0f;
                at.by_x += moved;
                if (gathers) {
                    by_last[b] += by_bin;
                    by_edges[b] -= moved * (1.0f - in.front);
                    by_edges[b + 1] -= moved * in.front;
                }
            }
            move_edge(at, rest, by_share - before, b, gathers);
            before = by_share;
            rest = next;
        }
    }

    // What is in the bins of a level backwards: to tau and place, and where it gathers to edges.
    __device__ void collected(Place &at, int level, const float *by_bins, bool gathers) {
        float rest = 1.0f, before = 0.0f, tau = float(LN2) * at.tau;
#pragma unroll 1
        for (int b = 0; b < BINS && rest > 0.0f; ++b) {
            float next = beyond(at, level, b), by_share = by_bins[b] * tau;
            at.by_tau += by_bins[b] * (rest - next);
            move_edge(at, rest, by_share - before, b, gathers);
            before = by_share;
            rest = next;
        }
    }

    __device__ const float *by_bins(int level, int refinements) const {
        return level == refinements ? by_last : depths[level];
    }

    // Weights of the bins, see refine of modes/binned.cuh; returns the sum of the roots.
    __device__ float weigh(int level, float *weights, float *falls, float &clear) const {
        float sum = 0.0f;
        clear = 1.0f;
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) {
            falls[b] = fall(level, b, clear);
            weights[b] = cbrtf(falls[b]);
            sum += weights[b];
            clear -= falls[b];
        }
        float inverse = sum > 0.0f ? 1.0f / sum : 0.0f;
#pragma unroll 1
        for (int b = 0; b < BINS; ++b)
            weights[b] = weights[b] * inverse + float(BIN_UNIFORM) / BINS;
        return sum;
    }

    // Calls visit(e, b, part) for the edges between the ends: edge e comes to that part of bin b.
    template <class Visit>
    __device__ void cut(const float *weights, Visit visit) const {
        float all = 0.0f, below = 0.0f;
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) all += weights[b];
        int b = 0;
#pragma unroll 1
        for (int e = 1; e < BINS; ++e) {
            float wanted = all * (float(e) / BINS);
            while (b < BINS - 1 && below + weights[b] < wanted) below += weights[b++];
            visit(e, b, clampf((wanted - below) / weights[b], 0.0f, 1.0f));
        }
    }

    __device__ void refine(int level) {
        float weights[BINS], falls[BINS], clear;
        weigh(level, weights, falls, clear);
        edges[level + 1][0] = edges[level][0];
        edges[level + 1][BINS] = edges[level][BINS];
        cut(weights, [&](int e, int b, float portion) {
            float low = edges[level][b], high = edges[level][b + 1];
            edges[level + 1][e] = low + portion * (high - low);
        });
    }

    // Slopes by the edges of level + 1 to those by edges and bins of `level`.
    __device__ void unrefine(int level) {
        float weights[BINS], falls[BINS], by_weights[BINS], by_below[BINS], earlier[BINS + 1], clear;
        float sum = weigh(level, weights, falls, clear);
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) by_weights[b] = by_below[b] = earlier[b] = 0.0f;
        earlier[BINS] = 0.0f;
        cut(weights, [&](int e, int b, float portion) {
            float slope = by_edges[e], width = edges[level][b + 1] - edges[level][b];
            earlier[b] += slope * (1.0f - portion);
            earlier[b + 1] += slope * portion;
            by_below[b] -= slope * width / weights[b];
            by_weights[b] -= slope * width / weights[b] * portion;
        });
        // A weight is a root's share of all roots, and some that is the same for all.
        float behind = 0.0f, average = 0.0f;
#pragma unroll 1
        for (int b = BINS - 1; b >= 0; --b) {
            by_weights[b] += behind;
            behind += by_below[b];
            average += by_weights[b] * (weights[b] - float(BIN_UNIFORM) / BINS);
        }
#pragma unroll 1
        for (int b = 0; b < BINS; ++b) {
            float root = cbrtf(fmaxf(falls[b], LEAST_FALL));
            float scale = fmaxf(sum, root) * 3.0f * root * root;
            by_weights[b] = falls[b] > 0.0f ? (by_weights[b] - average) / scale : 0.0f;
        }
        by_depths(by_weights, falls, clear, depths[level]);
#pragma unroll 1
        for (int b = 0; b <= BINS; ++b) by_edges[b] = earlier[b];
    }

    // Slopes by t, and by the logarithm of the thickness.
    struct Axis {
        float by_t, by_blur;
    };

    __device__ Axis axis(const Place &at) const {
        float by_blur = at.by_half * at.blur, square = at.shrink * at.shrink;
        return {at.by_x * square * at.shrink - 3.0f * at.t * square * by_blur, by_blur};
    }

    __device__ void add_axis(const Place &at) {
        Axis slopes = axis(at);
        by_mean -= slopes.by_t * sharpness;
        by_spread -= (slopes.by_t * at.t + slopes.by_blur) * sharpness;
    }

    // Turns slopes by mean and spread to those by mean and variance, over S.
    __device__ void finish_axis() {
        float inverse = 1.0f / fmaxf(float(LN2) * total, 1e-30f);
        by_mean *= inverse;
        by_spread *= 0.5f * sharpness * inverse;
    }

    // What the splat collects; its depth z is y in bins, and z + z_0 = z / (1/2 + y).
    __device__ Slope finish(const Place &at, float y, float z, float *slots) const {
        Axis slopes = axis(at);
        float away = y - mean, tau = float(LN2) * at.tau;
        float by_y = slopes.by_t * sharpness + tau * (by_mean + 2.0f * by_spread * away);
        float by_tau = at.by_tau + picture.clear + by_mean * away;
        by_tau += by_spread * (away * away - variance);
        picture.color(at.weight, slots);
        slots[OF_WEIGHT] += slopes.by_blur;
        slots[OF_DEPTH] += (0.5f + y) / z * (by_y * (0.5f - y) - 2.0f * slopes.by_blur);
        float e = at.e + at.alpha / (1.0f - at.alpha) * by_tau;
        return {at.alpha < float(ALPHA_MAX) ? e : 0.0f, at.weight * picture.depth};
    }
};
