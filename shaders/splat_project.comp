// Cull, project and colour: one invocation per splat, in draw order: back to front, or
// that of the scene where the blending mode needs none.
//
// EWA splatting (Zwicker et al. 2001) as in Kerbl et al. 2023; antialiased opacity after
// Yu et al. 2024 (Mip-Splatting); the exact, opacity-aware extent d^T S'^-1 d <= 2 ln(255 o) bounds
// the triangle (Hanson et al. 2025, Speedy-Splat).
//
// Footprints are written in draw order, so that drawing reads memory in order. A scene larger than
// a storage block is in several; each dispatch then handles the splats of one block and skips the
// others.

#include "footprint.glsl"

layout(local_size_x = GROUP_SIZE) in;

#ifdef ORDERED
layout(std430, binding = 0) readonly buffer Order { uint order[]; };        // back to front
#endif
layout(std430, binding = 1) readonly buffer Geometry { float geometry[]; }; // GEOMETRY_FLOATS each
layout(std430, binding = 2) readonly buffer Harmonics { uint sh_words[]; };
layout(std430, binding = 3) writeonly buffer Footprints { Footprint footprints[]; };
layout(std430, binding = 4) buffer Counters { uint visible; };
#ifdef SURFELS
#include "surfel.glsl"
layout(std430, binding = 7) writeonly buffer Discs { Disc discs[]; };
#endif

uniform uint count;         // footprints of this dispatch
uniform uint first_place;   // of them in draw order
uniform uint first_splat;   // the source block holds splats first_splat to first_splat + splat_count
uniform uint splat_count;
uniform uint sh_stride;     // words per splat in sh_words[]

uniform float near;         // splats with their centre up to here are culled, world units
uniform mat3 rotation;      // world to camera, OpenCV axes
uniform vec3 eye_high;      // centre of projection in the world as a sum of two floats
uniform vec3 eye_low;
uniform vec2 focal;         // pixels
uniform vec2 principal;     // pixels
uniform vec2 slope_low;     // x/z and y/z are clamped to these in the Jacobian
uniform vec2 slope_high;
uniform vec2 size;          // of the image, pixels
uniform float splat_scale;
uniform float least_opacity; // what settings leave out: fainter than this, at least ALPHA_MIN
uniform float least_trace;  // smaller: trace of the projected covariance without blur, pixels^2
uniform vec2 margin;        // with a centre farther outside than this, pixels
uniform float colour_max;   // largest colour that the target can hold

#include "harmonics.glsl"
#ifdef SURFELS
#include "surfel_place.glsl"
#endif

const float HALF_LOG2_E = 0.7213475204444817;
const float RASTER_SLACK = 1.0 / 64.0;  // drivers snap vertices to 1/256 pixel; no pixel may be lost
const float HUGE = 1e25;                // keeps products of a scale and a focal length in float32

mat3 rotation_of(vec4 q) {  // unit quaternion wxyz; columns are the splat's axes in the world
    float w = q.x, x = q.y, y = q.z, z = q.w;
    float two = 2.0 / dot(q, q);
    return mat3(1.0 - two * (y * y + z * z), two * (x * y + w * z), two * (x * z - w * y),
                two * (x * y - w * z), 1.0 - two * (x * x + z * z), two * (y * z + w * x),
                two * (x * z + w * y), two * (y * z - w * x), 1.0 - two * (x * x + y * y));
}

bool finite(vec4 v) { return !any(isnan(v)) && !any(isinf(v)); }

#ifdef SURFELS
bool project(uint splat, out Footprint f, out Disc disc) {
#else
bool project(uint splat, out Footprint f) {
#endif
    uint at = (splat - first_splat) * uint(GEOMETRY_FLOATS);
    vec3 mean = vec3(geometry[at], geometry[at + 1u], geometry[at + 2u]);
    float opacity = geometry[at + 3u];
    vec4 quat = vec4(geometry[at + 4u], geometry[at + 5u], geometry[at + 6u], geometry[at + 7u]);
    vec3 scale = vec3(geometry[at + 8u], geometry[at + 9u], geometry[at + 10u]);
    vec3 base = vec3(geometry[at + 11u], geometry[at + 12u], geometry[at + 13u]);
    if (opacity < least_opacity) return false;

    // Relative to the camera first: the difference of two large coordinates is exact this way.
    precise vec3 from_eye = (mean - eye_high) - eye_low;
    vec3 t = rotation * from_eye;
    if (!(t.z > near)) return false;
    vec2 slope = t.xy / t.z;
    vec2 centre = focal * slope + principal;
    if (any(greaterThan(max(0.5 - centre, centre - size + 0.5), margin))) return false;

    // M = J W R diag(s), so that the projected covariance is M M^T + 0.3 I. M is divided by its
    // largest element k, or squares of large splats would overflow.
    vec2 s = clamp(slope, slope_low, slope_high);
    vec2 j = min(focal / t.z, vec2(1e12));
    mat3 axes = rotation * rotation_of(quat);
    vec3 lengths = min(scale * splat_scale, vec3(HUGE));
    vec3 m0 = lengths * j.x * vec3(axes[0].x - s.x * axes[0].z, axes[1].x - s.x * axes[1].z,
                                   axes[2].x - s.x * axes[2].z);
    vec3 m1 = lengths * j.y * vec3(axes[0].y - s.y * axes[0].z, axes[1].y - s.y * axes[1].z,
                                   axes[2].y - s.y * axes[2].z);
    vec3 largest = max(abs(m0), abs(m1));
    float k = max(1.0, max(largest.x, max(largest.y, largest.z)));
    m0 /= k;
    m1 /= k;
    float blur = COV2D_BLUR / k / k;
    float xx = dot(m0, m0), yy = dot(m1, m1), xy = dot(m0, m1);
    if (xx + yy < least_trace / k / k) return false;

    // det(M M^T) as a sum of squares (Cauchy-Binet) and det S' as a sum of positive terms: the
    // difference xx yy - xy^2 would cancel for needles.
    vec3 minors = cross(m0, m1);
    float sharp_det = dot(minors, minors);
    float det = max(sharp_det + blur * (xx + yy) + blur * blur, 1e-30);
    xx += blur;
    yy += blur;
    bool is_surfel = false;
#ifdef SURFELS
    is_surfel = scale.z == 0.0;
#endif
#ifdef ANTIALIAS
    if (!is_surfel) opacity *= sqrt(sharp_det / det);
    if (opacity < least_opacity) return false;
#endif
    float log2_opacity = log2(opacity);
    float reach = (log2_opacity - log2(ALPHA_MIN)) / HALF_LOG2_E;
#ifdef SURFELS
    disc.u = disc.v = disc.w = vec4(0.0);
    Outline outline;
    if (is_surfel) {
        float rim = sqrt(max(reach, 0.0));
        if (!find_outline(t, axes, lengths.xy * rim, rim * sqrt(SURFEL_BLUR), outline)) return false;
        centre = outline.centre;
        xx = outline.form.x;
        yy = outline.form.y;
        xy = outline.form.z;
        det = outline.det;
        k = outline.k;
        reach = 1.0;
        if (outline.box.x > 0.0) {  // inside of the image already
            xx = outline.box.x * outline.box.x;
            yy = outline.box.y * outline.box.y;
            xy = 0.0;
            det = xx * yy;
        }
    }
#endif
    vec2 extent = k * sqrt(max(reach * vec2(xx, yy), 0.0));
    // No pixel centre of the image inside the splat's bounds.
    if (any(lessThan(centre + extent, vec2(0.5))) ||
        any(greaterThan(centre - extent, size - 0.5))) return false;

    float a = sqrt(HALF_LOG2_E * yy / det) / k;
    float c = sqrt(HALF_LOG2_E / yy) / k;
    float b = -a * xy / yy;

    // The ellipse of alpha >= 1/255, or its bounds cut to the image where they are much smaller.
    float middle = 0.5 * (xx + yy), difference = 0.5 * (xx - yy);
    float radius = sqrt(difference * difference + xy * xy);
    vec2 axis = difference >= 0.0 ? vec2(difference + radius, xy) : vec2(xy, radius - difference);
    axis = radius > 0.0 ? normalize(axis) : vec2(1.0, 0.0);
    float first = middle + radius;
    vec2 half_axes = k * sqrt(max(reach * vec2(first, det / first), 0.0)) + RASTER_SLACK;
    vec2 low = max(floor(centre - extent), vec2(0.0)), high = min(ceil(centre + extent), size);
    vec2 box = 0.5 * (high - low);
    if (box.x * box.y < half_axes.x * half_axes.y) {
        vec2 middle_of_box = low + box, d = middle_of_box - centre;
        f.axes = vec4(middle_of_box, box.x, 0.0);
        f.offset = vec4(a * d.x + b * d.y, c * d.y, box.y / box.x, BOX);
    } else {
        f.axes = vec4(centre, half_axes.x * axis);
        f.offset = vec4(0.0, 0.0, half_axes.y / half_axes.x, DISC);
    }
    f.form = vec4(a, b, c, log2_opacity);
#ifdef SURFELS
    if (is_surfel) {
        if (outline.box.x > 0.0) {
            f.axes = vec4(outline.centre, outline.box.x, 0.0);
            f.offset = vec4(0.0, 0.0, outline.box.y / outline.box.x, BOX);
        }
        f.form = vec4(0.0, 0.0, 0.0, log2_opacity);
        disc = find_disc(t, axes, lengths.xy, f.axes.xy);
        if (!finite(disc.u) || !finite(disc.v) || !finite(disc.w)) return false;
    }
#endif

    vec3 colour = 0.5 + SH_C0 * base;
#if SH_DEGREE >= 1
    vec3 size_of = abs(from_eye);  // lengths beyond 1e19 would overflow in normalize()
    vec3 direction = normalize(from_eye / max(size_of.x, max(size_of.y, size_of.z)));
    colour += sh_gloss(direction, (splat - first_splat) * sh_stride);
#endif
    f.colour = vec4(clamp(colour, 0.0, colour_max), min(t.z, 1e30));
    return finite(f.axes) && finite(f.form) && finite(f.offset) &&
        finite(f.colour);
}

void main() {
    uint place = gl_GlobalInvocationID.x;
    if (place >= count) return;
#ifdef ORDERED
    uint splat = order[place];
#else
    uint splat = first_place + place;
#endif
    if (splat < first_splat || splat - first_splat >= splat_count) return;
    Footprint f;
#ifdef SURFELS
    Disc disc;
    bool shows = project(splat, f, disc);
    discs[place] = disc;
#else
    bool shows = project(splat, f);
#endif
    if (shows) {
        footprints[place] = f;
        atomicAdd(visible, 1u);
    } else {
        footprints[place].offset = vec4(INVISIBLE);
    }
}
