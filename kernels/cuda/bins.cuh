// The tiles that a footprint reaches, exactly; see voile.kernels.cpu.bins (AccuTile of
// Speedy-Splat, Hanson 2025).
#pragma once

#include "footprint.cuh"

// Pixels by which extents are widened against rounding; the rasterizer tests every pixel.
#define SLACK (1.0f / 64.0f)

// First and last, inclusive; empty where last < first.
struct Span {
    int first, last;

    BOTH bool empty() const { return last < first; }
};

// Whole pixels between two positions, within `size` pixels.
BOTH Span pixel_span(float first, float last, int size) {
    float edge = float(size);
    return {int(ceilf(clampf(first - SLACK, 0.0f, edge))),
            int(floorf(clampf(last + SLACK, -1.0f, edge - 1.0f)))};
}

// The tiles of a span of pixels.
BOTH Span tiles_of(Span pixels) {
    return pixels.empty() ? pixels : Span{pixels.first / TILE, pixels.last / TILE};
}

// Where a footprint is at least the smallest alpha: u^2 + v^2 <= q.
struct Ellipse {
    float anchor_x, anchor_y, u, v, a, b, c, q;

    BOTH explicit Ellipse(const Footprint &splat)
        : anchor_x(splat.anchor_x), anchor_y(splat.anchor_y), u(splat.u), v(splat.v), a(splat.a),
          b(splat.b), c(splat.c), q(fmaxf(splat.log2_opacity - float(LOG2_ALPHA_MIN), 0.0f)) {}

    // Rows of pixels.
    BOTH Span rows(int height) const {
        float reach = rough_sqrt(q), inv_c = rough_inverse(c);
        return pixel_span(anchor_y + (-reach - v) * inv_c, anchor_y + (reach - v) * inv_c, height);
    }

    // Columns of pixels within rows of pixels. On the boundary u = +-sqrt(q - v^2) the ends in x
    // are where v = -+ sqrt(q) b / |(b, c)|, or at the row nearest to that.
    BOTH Span columns(Span rows, int width) const {
        float tip = rough_sqrt(q) * b * rough_inverse_sqrt(b * b + c * c);
        float inv_a = rough_inverse(a), inv_c = rough_inverse(c);
        float low = float(rows.first) - anchor_y, high = float(rows.last) - anchor_y;
        float y_right = clampf((-tip - v) * inv_c, low, high);
        float y_left = clampf((tip - v) * inv_c, low, high);
        float v_right = v + c * y_right, v_left = v + c * y_left;
        float half_right = rough_sqrt(fmaxf(q - v_right * v_right, 0.0f));
        float half_left = rough_sqrt(fmaxf(q - v_left * v_left, 0.0f));
        return pixel_span(anchor_x + (-half_left - u - b * y_left) * inv_a,
                          anchor_x + (half_right - u - b * y_right) * inv_a, width);
    }

    // Columns of tiles in a row of tiles, which the rows of pixels come to.
    BOTH Span tiles_in(int row, Span pixels, int width) const {
        Span part = {most(pixels.first, row * TILE), least(pixels.last, row * TILE + TILE - 1)};
        return tiles_of(columns(part, width));
    }
};
