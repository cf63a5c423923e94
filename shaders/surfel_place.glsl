// Where a surfel is on the image: an ellipse around all that it touches, or a box where a part of it
// lies behind the camera. For splat_project.comp, whose uniforms it reads.

#include "surfel.glsl"

struct Outline {
    vec2 centre;  // pixels
    vec2 box;     // half of its width and height, or 0 where there is an ellipse
    vec3 form;    // xx, yy, xy of the ellipse x^T form^-1 x = 1, in units of k^2
    float det;    // of the form
    float k;      // pixels
};

// Ends in x or y, from the projected centre, of the part with w >= nearest of the disc of radius 1
// with axes (u, uw), (v, vw) around (0, 1); see voile.render.surfels.surfel_boxes.
vec2 ends(float u, float v, float uw, float vw, float nearest) {
    vec2 span = vec2(0.0);
    // On the rim x / w is stationary where n . (cos, sin) = third.
    vec2 n = vec2(v, -u);
    float size_of = max(length(n), 1e-30), cosine = (u * vw - v * uw) / size_of;
    if (abs(cosine) <= 1.0) {
        n /= size_of;
        vec2 across = sqrt(1.0 - cosine * cosine) * vec2(-n.y, n.x);
        for (float side = -1.0; side <= 1.0; side += 2.0) {
            vec2 at = cosine * n + side * across;
            float w = 1.0 + uw * at.x + vw * at.y, slack = 1e-5 * (abs(uw) + abs(vw));
            float x = (u * at.x + v * at.y) / max(w, nearest);
            if (w >= nearest - slack) span = vec2(min(span.x, x), max(span.y, x));
        }
    }
    vec2 slope = vec2(uw, vw);
    size_of = max(length(slope), 1e-30);
    cosine = (nearest - 1.0) / size_of;
    if (abs(cosine) <= 1.0) {
        slope /= size_of;
        vec2 across = sqrt(1.0 - cosine * cosine) * vec2(-slope.y, slope.x);
        for (float side = -1.0; side <= 1.0; side += 2.0) {
            vec2 at = cosine * slope + side * across;
            float x = (u * at.x + v * at.y) / nearest;
            span = vec2(min(span.x, x), max(span.y, x));
        }
    }
    return span;
}

// t: centre in camera axes; axes: of the splat there; lengths: of the first two out to alpha 1/255.
bool find_outline(vec3 t, mat3 axes, vec2 lengths, float spot, out Outline found) {
    // In units of the centre's depth; beyond a million of them a disc is as good as endless.
    vec3 au = axes[0] * min(lengths.x / t.z, 1e6), av = axes[1] * min(lengths.y / t.z, 1e6);
    vec2 slope = t.xy / t.z, centre = focal * slope + principal;
    vec2 u = focal * (au.xy - slope * au.z), v = focal * (av.xy - slope * av.z);
    float square = au.z * au.z + av.z * av.z;
    found.box = vec2(0.0);
    found.k = 1.0;
    if (square >= 0.998) {
        float nearest = met_near / t.z;
        vec2 x = ends(u.x, v.x, au.z, av.z, nearest), y = ends(u.y, v.y, au.z, av.z, nearest);
        vec2 low = centre + min(vec2(x.x, y.x) * 1.001, -spot) - 1.0;
        vec2 high = centre + max(vec2(x.y, y.y) * 1.001, spot) + 1.0;
        low = max(low, vec2(0.0));
        high = min(high, size);
        if (any(greaterThanEqual(low, high))) return false;
        found.box = 0.5 * (high - low);
        found.centre = low + found.box;
        return true;
    }
    // M D* M^T of the circle, divided by the square of its largest element.
    vec2 largest = max(abs(u), abs(v));
    float k = max(1.0, max(largest.x, largest.y)), depth = 1.0 - square;
    u /= k;
    v /= k;
    vec2 away = -(u * au.z + v * av.z) / depth;
    vec3 form = vec3(u.x * u.x + v.x * v.x, u.y * u.y + v.y * v.y, u.x * u.y + v.x * v.y) / depth;
    form += vec3(away * away, away.x * away.y);
    // The filter's disc around the projected centre widens each half axis that is shorter.
    float difference = 0.5 * (form.x - form.y);
    float radius = sqrt(difference * difference + form.z * form.z);
    float longer = 0.5 * (form.x + form.y) + radius, least = spot / k + length(away);
    least *= 1.01 * least;
    if (longer <= least) {
        form = vec3(least, least, 0.0);
        found.det = least * least;
    } else if (longer - 2.0 * radius < least) {
        float grown = (longer - least) / radius;
        form = vec3(least + 0.5 * grown * vec2(radius + difference, radius - difference),
                    0.5 * grown * form.z);
        found.det = longer * least;
    } else {
        found.det = longer * (longer - 2.0 * radius);
    }
    found.form = form;
    found.k = k;
    found.centre = centre + k * away;
    return true;
}

// What rays meet, about the origin in pixels; `lengths` are standard deviations.
Disc find_disc(vec3 t, mat3 axes, vec2 lengths, vec2 origin) {
    vec2 slope = t.xy / t.z, d = origin - (focal * slope + principal);
    float facing = dot(axes[2], t);
    vec3 normal = facing < 0.0 ? -axes[2] : axes[2];
    const float ROOT = 0.8493218002880191;  // of log2(e) / 2
    vec3 to_u = cross(axes[1], t) * (ROOT / max(lengths.x, 1e-18));
    vec3 to_v = cross(t, axes[0]) * (ROOT / max(lengths.y, 1e-18));
    to_u.xy /= focal;
    to_v.xy /= focal;
    normal.xy /= focal;
    Disc disc;
    disc.u = vec4(dot(to_u.xy, d), to_u.xy, d.x);
    disc.v = vec4(dot(to_v.xy, d), to_v.xy, d.y);
    disc.w = vec4(abs(facing) / t.z + dot(normal.xy, d), normal.xy, max(abs(facing), 1e-30));
    return disc;
}
