// The tiles that a footprint reaches, exactly; see voile.kernels.cpu.bins (AccuTile of
// Speedy-Splat, Hanson 2025).
#pragma once

#include "footprint.cuh"

// Pixels by which extents are widened against rounding; the rasterizer tests every pixel.
#define SLACK (1.0f / 64.0f)

// First and last, inclusive; empty where last < first.
struct Span {
    int first, last;
};

// Whole pixels between two positions, within `size` pixels.
BOTH Span pixel_span(float first, float last, int size) {
    float edge = float(size);
    return {int(ceilf(clampf(first - SLACK, 0.0f, edge))),
            int(floorf(clampf(last + SLACK, -1.0f, edge - 1.0f)))};
}

// Rows of pixels.
BOTH Span row_span(const Footprint &splat, int height) {
    float reach = sqrtf(fmaxf(splat.log2_opacity - float(LOG2_ALPHA_MIN), 0.0f));
    float inv_c = 1.0f / splat.c;
    return pixel_span(splat.anchor_y + (-reach - splat.v) * inv_c,
                      splat.anchor_y + (reach - splat.v) * inv_c, height);
}

// Columns of pixels within the rows of pixels that are given. On the boundary u = +-sqrt(q - v^2)
// the ends in x are where v = -+ sqrt(q) b / |(b, c)|, or at the row nearest to that.
BOTH Span column_span(const Footprint &splat, Span rows, int width) {
    float q = fmaxf(splat.log2_opacity - float(LOG2_ALPHA_MIN), 0.0f);
    float tip = sqrtf(q) * splat.b / sqrtf(splat.b * splat.b + splat.c * splat.c);
    float inv_a = 1.0f / splat.a, inv_c = 1.0f / splat.c;
    float low = float(rows.first) - splat.anchor_y, high = float(rows.last) - splat.anchor_y;
    float y_right = clampf((-tip - splat.v) * inv_c, low, high);
    float y_left = clampf((tip - splat.v) * inv_c, low, high);
    float v_right = splat.v + splat.c * y_right, v_left = splat.v + splat.c * y_left;
    float half_right = sqrtf(fmaxf(q - v_right * v_right, 0.0f));
    float half_left = sqrtf(fmaxf(q - v_left * v_left, 0.0f));
    return pixel_span(splat.anchor_x + (-half_left - splat.u - splat.b * y_left) * inv_a,
                      splat.anchor_x + (half_right - splat.u - splat.b * y_right) * inv_a, width);
}

// Calls visit(tile) for every tile, row by row.
template <class Visit>
BOTH void each_tile(const Footprint &splat, int width, int height, Visit &visit) {
    int columns = (width + TILE - 1) / TILE;
    Span rows = row_span(splat, height);
    if (rows.last < rows.first) return;
    for (int row = rows.first / TILE; row <= rows.last / TILE; ++row) {
        Span part = {most(rows.first, row * TILE), least(rows.last, row * TILE + TILE - 1)};
        Span across = column_span(splat, part, width);
        if (across.last < across.first) continue;
        for (int column = across.first / TILE; column <= across.last / TILE; ++column)
            visit(row * columns + column);
    }
}
