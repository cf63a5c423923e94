// The standard deviation of every splat along the view, |S R^T axis|; once per splat.

#include "footprint.glsl"

layout(local_size_x = GROUP_SIZE) in;

layout(std430, binding = 1) readonly buffer Geometry { float geometry[]; };
layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };
layout(std430, binding = 5) writeonly buffer Values { float values[]; };

uniform uint count;
uniform uint first_place;
uniform uint first_splat;
uniform uint splat_count;

uniform vec3 view_axis;  // of depth, in world axes
uniform float splat_scale;

void main() {
    uint place = gl_GlobalInvocationID.x;
    if (place >= count) return;
    uint splat = first_place + place;
    if (splat < first_splat || splat - first_splat >= splat_count) return;
    if (footprints[place].offset.w == INVISIBLE) return;
    uint at = (splat - first_splat) * uint(GEOMETRY_FLOATS);
    vec4 quat = vec4(geometry[at + 4u], geometry[at + 5u], geometry[at + 6u], geometry[at + 7u]);
    vec3 scale = vec3(geometry[at + 8u], geometry[at + 9u], geometry[at + 10u]);
    // The axis in the splat's own axes: rotated by the inverse quaternion.
    vec3 v = -quat.yzw, t = 2.0 / dot(quat, quat) * cross(v, view_axis);
    vec3 local = view_axis + quat.x * t + cross(v, t);
    // Squares of what is beyond 1e19 are not float32.
    vec3 along = abs(scale * local);
    float most = max(along.x, max(along.y, along.z));
    values[place] = most > 0.0 ? min(most * length(along / most) * splat_scale, 1e30) : 0.0;
}
