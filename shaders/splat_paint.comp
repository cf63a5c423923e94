// Splats in another colour: what they keep of their own, and values; see voile.render.paint.

#include "footprint.glsl"

layout(local_size_x = GROUP_SIZE) in;

#ifdef ORDERED
layout(std430, binding = 0) readonly buffer Order { uint order[]; };  // back to front
#endif
layout(std430, binding = 3) buffer Footprints { Footprint footprints[]; };
layout(std430, binding = 6) readonly buffer Coat { vec4 coat[]; };    // values, keep

uniform uint count;
uniform uint first_place;
uniform uint first_splat;
uniform uint splat_count;

void main() {
    uint place = gl_GlobalInvocationID.x;
    if (place >= count) return;
#ifdef ORDERED
    uint splat = order[place];
#else
    uint splat = first_place + place;
#endif
    if (splat < first_splat || splat - first_splat >= splat_count) return;
    vec4 put_on = coat[splat - first_splat];
    footprints[place].colour.rgb = put_on.a * footprints[place].colour.rgb + put_on.rgb;
}
