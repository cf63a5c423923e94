// `binned`: transmittance from bins of optical depth at a pixel; see voile.render.modes.binned and
// voile.kernels.cpu.modes.binned. Loops over up to 8 bins are unrolled, so that bins stay in
// registers; more do not fit there, and unrolled would take the compiler minutes.
#pragma once

#include "sums.cuh"

#define UNROLLED(bins) (bins <= 8 ? bins : 1)

// What a splat is to the bins: y = 1/2 - z_0 / (z + z_0), and its thickness in y.
struct DepthInBins {
    float y, thickness;
};

template <int BINS>
struct BinnedPixel {
    Sums sums;
    float total, mean, sharpness;  // of y; the last one is 1 / spread once it is known
    float edges[BINS + 1], depths[BINS], energies[BINS];

    BOTH void clear() {
        sums.start();
        total = mean = sharpness = 0.0f;
    }

    // Transmittance and moments of depth, weighted by optical depth.
    BOTH void add_moments(float y, float alpha) {
        float tau = log2_depth(alpha);
        sums.clear *= 1.0f - alpha;
        total += tau;
        mean += tau * y;
        sharpness += tau * y * y;
    }

    // Mean and spread from the moments; bins of equal width over x in (-1, 1), empty.
    BOTH void lay_out() {
        float inverse = rough_inverse(fmaxf(total, 1e-30f));
        mean *= inverse;
        float variance = fmaxf(sharpness * inverse - mean * mean, 0.0f);
        sharpness = rough_inverse_sqrt(variance + float(BIN_SPREAD * BIN_SPREAD));
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            edges[b] = float(b) * (2.0f / BINS) - 1.0f;
            depths[b] = energies[b] = 0.0f;
        }
        edges[BINS] = 1.0f;
    }

    // A splat at this pixel: x, 1 / thickness in x.
    struct Place {
        float x, inverse_width;
    };

    BOTH Place place(const DepthInBins &at) const {
        float t = (at.y - mean) * sharpness, shrink = rough_inverse_sqrt(1.0f + t * t);
        float half = float(BIN_THICKNESS) * at.thickness * sharpness * shrink * shrink * shrink;
        return {t * shrink, 0.5f * rough_inverse(half + float(BIN_LEAST_THICKNESS))};
    }

    // Share of the splat beyond bin b; nothing is beyond the last one.
    BOTH float beyond(const Place &at, int b) const {
        if (b == BINS - 1) return 0.0f;
        return clampf(0.5f + (at.x - edges[b + 1]) * at.inverse_width, 0.0f, 1.0f);
    }

    // Adds tau m_b to every bin.
    BOTH void collect(const DepthInBins &splat, float alpha) {
        Place at = place(splat);
        float tau = log2_depth(alpha), rest = 1.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            float next = beyond(at, b);
            depths[b] += tau * (rest - next);
            rest = next;
        }
    }

    // alpha m_b t_b: what is in a bin hides the splat, but for its own share, up to BIN_HIDES.
    BOTH float part(const Place &at, int b, float share, float alpha, float tau) const {
        float width = fmaxf(edges[b + 1] - edges[b], 1e-12f);
        float front = clampf((at.x - edges[b]) * rough_inverse(width), 0.0f, 1.0f);
        float hides = fmaxf(depths[b] - tau * share, 0.0f) * front;
        return alpha * share * exp2f(-fminf(hides, float(BIN_HIDES)));
    }

    // Adds the splat's part to E_b of every bin.
    BOTH void share_out(const DepthInBins &splat, float alpha) {
        Place at = place(splat);
        float tau = log2_depth(alpha), rest = 1.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            float next = beyond(at, b);
            if (rest > next) energies[b] += part(at, b, rest - next, alpha, tau);
            rest = next;
        }
    }

    // Turns E_b into W_b / E_b.
    BOTH void find_seen() {
        float ahead = 0.0f, before = 1.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            ahead += depths[b];
            float behind = exp2f(-ahead);
            float inverse = energies[b] > 1e-30f ? rough_inverse(energies[b]) : 0.0f;
            energies[b] = (before - behind) * inverse;
            before = behind;
        }
    }

    // The splat's weight is its part of every bin times W_b / E_b.
    BOTH void composite(const Footprint &footprint, const DepthInBins &splat, float alpha,
                        float depth) {
        Place at = place(splat);
        float tau = log2_depth(alpha), rest = 1.0f, weight = 0.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            float next = beyond(at, b);
            if (rest > next) weight += part(at, b, rest - next, alpha, tau) * energies[b];
            rest = next;
        }
        sums.add(footprint, weight, depth);
    }

    // Moves the edges to equal parts of the weight of the bins, and empties these. An edge is a sum
    // over all bins, without looking for its own: only so are there no places known at run time.
    BOTH void refine() {
        float weights[BINS], before[BINS + 1];
        float ahead = 0.0f, clear = 1.0f, sum = 0.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            ahead += depths[b];
            float behind = exp2f(-ahead);
            weights[b] = cbrtf(fmaxf(clear - behind, 0.0f));
            sum += weights[b];
            clear = behind;
            before[b] = edges[b];
        }
        before[BINS] = edges[BINS];
        float inverse = sum > 0.0f ? rough_inverse(sum) : 0.0f, all = 0.0f;
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) {
            weights[b] = weights[b] * inverse + float(BIN_UNIFORM) / BINS;
            all += weights[b];
        }
#pragma unroll UNROLLED(BINS)
        for (int e = 1; e < BINS; ++e) {
            float wanted = all * (float(e) / BINS), below = 0.0f, edge = before[0];
#pragma unroll UNROLLED(BINS)
            for (int b = 0; b < BINS; ++b) {
                float portion = clampf((wanted - below) * rough_inverse(weights[b]), 0.0f, 1.0f);
                edge += portion * (before[b + 1] - before[b]);
                below += weights[b];
            }
            edges[e] = edge;
        }
#pragma unroll UNROLLED(BINS)
        for (int b = 0; b < BINS; ++b) depths[b] = 0.0f;
    }
};
