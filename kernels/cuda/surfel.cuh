// Surfels met by rays (Huang et al. 2024); see voile.render.surfels and shaders/surfel*.glsl. Only
// kernels for scenes that hold surfels include this: others have no code and no memory for them.
//
// Of the pixel (X, Y) pixels from an anchor, the ray meets the disc at (p_u, p_v) / p_w standard
// deviations, times the root of log2(e) / 2, and at the depth D / p_w: all three are P + A X + B Y,
// and p_w > 0 is in front of the camera.
#pragma once

#include "packed.cuh"
#include "project.cuh"

// Read in three pieces of 16 bytes. `spot` leads from the projected centre to the anchor, pixels;
// D is 0 where a splat is no surfel.
struct alignas(16) Disc {
    float p_u, a_u, b_u, spot_x;
    float p_v, a_v, b_v, spot_y;
    float p_w, a_w, b_w, scale;
};

// A splat of a scene with surfels, which may be one. The footprint of a surfel is that of an
// ellipse around all that it touches: tiles are found from it as they are for ellipsoids.
struct alignas(16) AnySplat : Footprint {
    static const bool ALWAYS_MET = false;  // a ray may pass a disc by
    Disc disc;
};

// Where a ray meets a disc: the point, its depth, and log2 of 1 / G, or of 1 over the low-pass filter.
struct Met {
    float u, v, depth, right, down, away, spot;
    bool meets;  // else the filter is what shows
};

// Nothing of a surfel shows nearer than `near`. The larger of the Gaussian and of its low-pass
// filter counts.
BOTH Met meet(const Disc &disc, float x, float y, float near) {
    Met met;
    float p_w = disc.p_w + disc.a_w * x + disc.b_w * y, inverse = 1.0f / p_w;
    met.u = (disc.p_u + disc.a_u * x + disc.b_u * y) * inverse;
    met.v = (disc.p_v + disc.a_v * x + disc.b_v * y) * inverse;
    met.depth = disc.scale * inverse;
    met.right = disc.spot_x + x;
    met.down = disc.spot_y + y;
    met.away = met.u * met.u + met.v * met.v;
    met.spot = met.right * met.right + met.down * met.down;
    met.spot *= float(HALF_LOG2_E / SURFEL_BLUR);
    // False for NaN as well.
    met.meets = p_w > 0.0f && p_w * near < disc.scale && met.away <= met.spot;
    return met;
}

// Where the filter shows the depth is that of the centre.
BOTH Seen seen_at(const AnySplat &splat, float x, float y, float near) {
    if (splat.disc.scale == 0.0f) return {log2_alpha_at(splat, x, y), splat.depth};
    Met met = meet(splat.disc, x, y, near);
    return {splat.log2_opacity - (met.meets ? met.away : met.spot),
            met.meets ? met.depth : splat.depth};
}

// The same disc counted from (dx, dy) pixels further on.
BOTH Disc moved(Disc disc, float dx, float dy) {
    disc.p_u += disc.a_u * dx + disc.b_u * dy;
    disc.p_v += disc.a_v * dx + disc.b_v * dy;
    disc.p_w += disc.a_w * dx + disc.b_w * dy;
    disc.spot_x += dx;
    disc.spot_y += dy;
    return disc;
}

// Sizes of a disc in units of its centre's depth beyond which it is as good as endless.
#define ENDLESS 1e6f

// A disc's outline is an ellipse while 1 - u_w^2 - v_w^2 is above this: where that is 0 the disc
// reaches as near as the camera, and the ellipse is without end.
#define LEAST_IN_FRONT 0.002f

// By this much an outline is widened against rounding.
#define WIDER 1.001f

// A part of a line, pixels.
struct Ends {
    float low, high;

    BOTH void include(float x) {
        low = fminf(low, x);
        high = fmaxf(high, x);
    }
};

// The two points of the unit circle (x, y) +- (across_x, across_y) on a line; (a, b) is unit.
struct OnRim {
    float x, y, across_x, across_y;

    // Where a x + b y = cosine.
    BOTH OnRim(float a, float b, float cosine) {
        float sine = sqrtf(fmaxf(1.0f - cosine * cosine, 0.0f));
        x = cosine * a;
        y = cosine * b;
        across_x = -sine * b;
        across_y = sine * a;
    }
};

// Ends in x or y, from the projected centre, of the part with w >= nearest of the disc of radius 1
// with axes (u, u_w), (v, v_w) around (0, 1); see voile.render.surfels.surfel_boxes.
BOTH Ends ends_of(float u, float v, float u_w, float v_w, float nearest) {
    Ends ends = {0.0f, 0.0f};
    // On the rim x / w is stationary where (v, -u) . (cos, sin) = u v_w - v u_w.
    float size = fmaxf(sqrtf(u * u + v * v), 1e-30f);
    float cosine = difference_of_products(u, v_w, v, u_w) / size;
    if (fabsf(cosine) <= 1.0f) {
        OnRim rim(v / size, -u / size, cosine);
        float slack = 1e-5f * (fabsf(u_w) + fabsf(v_w));
        for (int side = -1; side <= 1; side += 2) {
            float x = rim.x + float(side) * rim.across_x, y = rim.y + float(side) * rim.across_y;
            float w = 1.0f + u_w * x + v_w * y;
            if (w >= nearest - slack) ends.include((u * x + v * y) / fmaxf(w, nearest));
        }
    }
    // And at the chord where the near plane cuts the disc.
    size = fmaxf(sqrtf(u_w * u_w + v_w * v_w), 1e-30f);
    cosine = (nearest - 1.0f) / size;
    if (fabsf(cosine) <= 1.0f) {
        OnRim rim(u_w / size, v_w / size, cosine);
        for (int side = -1; side <= 1; side += 2) {
            float x = rim.x + float(side) * rim.across_x, y = rim.y + float(side) * rim.across_y;
            ends.include((u * x + v * y) / nearest);
        }
    }
    return ends;
}

// An ellipse around what a surfel touches: d^T form^-1 d <= 1 about the centre, and the form is in
// units of unit^2.
struct Outline {
    float x, y, xx, xy, yy, det, unit;
};

// The outline of a disc before the camera, M D* M^T of the circle. u and v are the first columns of
// M, for x, y and w in units of the centre's depth, out to alpha 1/255; `depth` is 1 - u_w^2 -
// v_w^2, and `spot` the radius of the low-pass filter's disc around the projected centre.
BOTH Outline ellipse_around(float u[3], float v[3], float spot, float depth) {
    float unit = 1.0f;
    for (int k = 0; k < 2; ++k) unit = fmaxf(unit, fmaxf(fabsf(u[k]), fabsf(v[k])));
    float shrink = 1.0f / unit;
    for (int k = 0; k < 2; ++k) {
        u[k] *= shrink;
        v[k] *= shrink;
    }
    float x = -(u[0] * u[2] + v[0] * v[2]) / depth, y = -(u[1] * u[2] + v[1] * v[2]) / depth;
    float xx = (u[0] * u[0] + v[0] * v[0]) / depth + x * x;
    float yy = (u[1] * u[1] + v[1] * v[1]) / depth + y * y;
    float xy = (u[0] * u[1] + v[0] * v[1]) / depth + x * y;
    float area = difference_of_products(u[0], v[1], v[0], u[1]);
    float det = area * area / (depth * depth * depth);
    // The filter's disc widens each half axis that is shorter.
    float difference = 0.5f * (xx - yy), radius = sqrtf(difference * difference + xy * xy);
    float longer = 0.5f * (xx + yy) + radius;
    float least = spot * shrink + sqrtf(x * x + y * y);
    least *= WIDER * least;
    if (longer <= least) {
        xx = yy = least;
        xy = 0.0f;
        det = least * least;
    } else if (det < least * longer) {
        float grown = (longer - least) / fmaxf(radius, 1e-30f);
        xx = least + 0.5f * grown * (radius + difference);
        yy = least + 0.5f * grown * (radius - difference);
        xy *= 0.5f * grown;
        det = least * longer;
    }
    return {unit * x, unit * y, WIDER * xx, WIDER * xy, WIDER * yy, WIDER * WIDER * det, unit};
}

// The ellipse around the box of a disc that is partly beside or behind the camera; false where the
// box is outside of the image.
BOTH bool box_around(const View &view, const float centre[2], const float u[3], const float v[3],
                     float spot, float nearest, Outline &found) {
    float half[2], middle[2];
    for (int k = 0; k < 2; ++k) {
        Ends ends = ends_of(u[k], v[k], u[2], v[2], nearest);
        float low = centre[k] + fminf(ends.low * WIDER, -spot) - 1.0f;
        float high = centre[k] + fmaxf(ends.high * WIDER, spot) + 1.0f;
        low = fmaxf(low, 0.0f);
        high = fminf(high, view.size[k]);
        if (!(low < high)) return false;
        middle[k] = 0.5f * (low + high) - centre[k];
        half[k] = 0.5f * (high - low) + 1.0f;
    }
    float xx = 2.0f * half[0] * half[0], yy = 2.0f * half[1] * half[1];
    found = {middle[0], middle[1], xx, 0.0f, yy, xx * yy, 1.0f};
    return true;
}

BOTH void turn(const View &view, const float from[3], float to[3]) {
    const float *r = view.rotation;
    for (int k = 0; k < 3; ++k)
        to[k] = r[3 * k] * from[0] + r[3 * k + 1] * from[1] + r[3 * k + 2] * from[2];
}

// a x b times a factor.
BOTH void cross_times(const float a[3], const float b[3], float factor, float out[3]) {
    out[0] = factor * difference_of_products(a[1], b[2], a[2], b[1]);
    out[1] = factor * difference_of_products(a[2], b[0], a[0], b[2]);
    out[2] = factor * difference_of_products(a[0], b[1], a[1], b[0]);
}

// The first two axes of a rotation in camera axes, unit.
BOTH void find_axes(const View &view, const float *quat, float first[3], float second[3]) {
    float w = quat[0], x = quat[1], y = quat[2], z = quat[3];
    float two = 2.0f / (w * w + x * x + y * y + z * z);
    float one[3] = {1.0f - two * (y * y + z * z), two * (x * y + w * z), two * (x * z - w * y)};
    float other[3] = {two * (x * y - w * z), 1.0f - two * (x * x + z * z), two * (y * z + w * x)};
    turn(view, one, first);
    turn(view, other, second);
}

// What rays meet; t is the centre in camera axes, (dx, dy) lead from its place on the image to the
// anchor.
BOTH Disc disc_of(const View &view, const float t[3], const float first[3], const float second[3],
                  const float *scale, float dx, float dy) {
    const float root = 0.84932180028801904f;  // of log2(e) / 2
    float to_u[3], to_v[3], normal[3];
    cross_times(first, second, 1.0f, normal);
    float facing = normal[0] * t[0] + normal[1] * t[1] + normal[2] * t[2];
    // p_w > 0 in front, whichever side is seen; u and v turn with it, or slopes would point back.
    float side = facing < 0.0f ? -1.0f : 1.0f;
    cross_times(second, t, side * root / fmaxf(view.splat_scale * scale[0], SMALLEST), to_u);
    cross_times(t, first, side * root / fmaxf(view.splat_scale * scale[1], SMALLEST), to_v);
    Disc disc;
    disc.a_u = to_u[0] / view.focal[0];
    disc.b_u = to_u[1] / view.focal[1];
    disc.a_v = to_v[0] / view.focal[0];
    disc.b_v = to_v[1] / view.focal[1];
    disc.a_w = side * normal[0] / view.focal[0];
    disc.b_w = side * normal[1] / view.focal[1];
    disc.p_u = disc.p_v = disc.spot_x = disc.spot_y = 0.0f;
    disc.p_w = side * facing / t[2];
    disc.scale = fmaxf(side * facing, 1e-30f);
    return moved(disc, dx, dy);
}

// Geometry of a surfel; false where it is invisible, as project_geometry. Centres are culled as
// those of ellipsoids are. The mip filter is not for surfels.
BOTH bool project_surfel(const View &view, const float *mean, const Shape &shape, AnySplat &out) {
    float to[3], t[3];
    from_eye(view, mean, to);
    turn(view, to, t);
    if (!(t[2] > view.near && shape.opacity >= view.least_opacity)) return false;
    float inv_z = 1.0f / t[2], slope[2] = {t[0] * inv_z, t[1] * inv_z}, centre[2];
    for (int k = 0; k < 2; ++k) {
        centre[k] = view.focal[k] * slope[k] + view.centre[k];
        float gap = fmaxf(fmaxf(0.5f - centre[k], centre[k] - (view.size[k] - 0.5f)), 0.0f);
        if (gap > view.margin[k]) return false;
    }
    if (view.least_trace > 0.0f) {
        float m0[3], m1[3], trace = 0.0f;
        project_axes(view, slope[0], slope[1], inv_z, shape.quat, shape.scale, m0, m1);
        for (int k = 0; k < 3; ++k) trace += m0[k] * m0[k] + m1[k] * m1[k];
        if (trace < view.least_trace) return false;
    }

    float first[3], second[3];
    find_axes(view, shape.quat, first, second);
    float log2_opacity = log2f(shape.opacity);
    float form = fmaxf(log2_opacity - float(LOG2_ALPHA_MIN), 1e-9f);
    float rim = sqrtf(form * float(1.0 / HALF_LOG2_E)), spot = rim * sqrtf(float(SURFEL_BLUR));
    float size_u = fminf(rim * view.splat_scale * shape.scale[0] * inv_z, ENDLESS);
    float size_v = fminf(rim * view.splat_scale * shape.scale[1] * inv_z, ENDLESS);
    float u[3], v[3];
    for (int k = 0; k < 2; ++k) {
        u[k] = size_u * view.focal[k] * (first[k] - slope[k] * first[2]);
        v[k] = size_v * view.focal[k] * (second[k] - slope[k] * second[2]);
    }
    u[2] = size_u * first[2];
    v[2] = size_v * second[2];

    Outline outline;
    float depth = 1.0f - (u[2] * u[2] + v[2] * v[2]);
    if (depth > LEAST_IN_FRONT)
        outline = ellipse_around(u, v, spot, depth);
    else if (!box_around(view, centre, u, v, spot, view.near * inv_z, outline))
        return false;
    float x = centre[0] + outline.x, y = centre[1] + outline.y, shrink = 1.0f / outline.unit;
    float right = view.size[0] - 0.5f, bottom = view.size[1] - 0.5f;
    float gap_x = fmaxf(fmaxf(0.5f - x, x - right), 0.0f) * shrink;
    float gap_y = fmaxf(fmaxf(0.5f - y, y - bottom), 0.0f) * shrink;
    if (!(gap_x * gap_x <= outline.xx && gap_y * gap_y <= outline.yy)) return false;

    // On the outline the form is as large as the logarithm of what is left of the opacity.
    float a = sqrtf(form * outline.yy / outline.det) * shrink;
    float c = sqrtf(form / outline.yy) * shrink;
    float b = -a * outline.xy / outline.yy;
    float pixel_x = floorf(clampf(x, 0.0f, right)), pixel_y = floorf(clampf(y, 0.0f, bottom));
    float dx = pixel_x + 0.5f, dy = pixel_y + 0.5f;
    out.anchor_x = pixel_x;
    out.anchor_y = pixel_y;
    out.a = fmaxf(a, SMALLEST);
    out.b = b;
    out.c = fmaxf(c, SMALLEST);
    out.u = out.a * (dx - x) + b * (dy - y);
    out.v = out.c * (dy - y);
    out.log2_opacity = log2_opacity;
    out.depth = fminf(t[2], 1e38f);
    out.disc = disc_of(view, t, first, second, shape.scale, dx - centre[0], dy - centre[1]);
    return true;
}

// A splat of a scene with surfels: one whose third scale is 0 is a surfel.
BOTH bool project_any(const View &view, const float *mean, const Shape &shape, bool antialias,
                      AnySplat &out) {
    if (shape.scale[2] == 0.0f) return project_surfel(view, mean, shape, out);
    out.disc.scale = 0.0f;
    return project_geometry(view, mean, shape.quat, shape.scale, shape.opacity, antialias, out);
}
