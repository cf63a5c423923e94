// One quad per footprint, pulled from storage by vertex number: instances are batches of
// BATCH quads, since an instance of only four vertices leaves most of a GPU's wave idle.
//
// Image row 0 is the target's row 0: y grows downwards in the image and upwards in OpenGL, so
// gl_FragCoord is the pixel coordinate of the camera model and no flip is needed to read back.

#include "footprint.glsl"

layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };

uniform uint count;
uniform vec2 to_clip;  // 2 / size

flat out vec4 form;
flat out vec4 colour;
flat out vec4 origin;  // centre of the quad, U, V

void main() {
    uint place = uint(gl_InstanceID) * uint(BATCH) + uint(gl_VertexID >> 2);
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside: the quad of an invisible splat vanishes
    form = colour = origin = vec4(0.0);
    if (place >= count) return;
    vec4 offset = footprints[place].offset;
    if (offset.w == 0.0) return;
    vec4 quad = footprints[place].quad;
    vec2 side = vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1) * 2.0 - 1.0;
    vec2 second = offset.z * vec2(-quad.w, quad.z);
    vec2 corner = quad.xy + side.x * quad.zw + side.y * second;
    gl_Position = vec4(corner * to_clip - 1.0, 0.0, 1.0);
    form = footprints[place].form;
    colour = footprints[place].colour;
    origin = vec4(quad.xy, offset.xy);
}
