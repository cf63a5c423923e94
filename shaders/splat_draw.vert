// One triangle per footprint, pulled from storage by vertex number. The equilateral triangle around
// an ellipse has 1.3 times the area of the rectangle, but half the triangles to set up, and none of
// the pixel blocks along a diagonal that are shaded twice. Splats are mostly a few pixels wide.
//
// Image row 0 is the target's row 0: y grows downwards in the image and upwards in OpenGL, so
// gl_FragCoord is the pixel coordinate of the camera model and no flip is needed to read back.

#include "footprint.glsl"

layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };

#ifdef SURFELS
#include "surfel.glsl"
layout(std430, binding = 7) readonly buffer Discs { Disc discs[]; };
flat out vec4 disc_u;
flat out vec4 disc_v;
flat out vec4 disc_w;
#endif
#ifdef VALUES
layout(std430, binding = 5) readonly buffer Values { float values[]; };  // what a mode says of each
flat out float value;
#endif
#ifdef NUMBERS
uniform uint first_place;  // of footprints[] in the scene
flat out uint number;
#endif

uniform vec2 to_clip;  // 2 / size

flat out vec4 form;
flat out vec4 colour;
flat out vec4 origin;  // centre, U, V

// In the coordinates of the footprint's axes.
const vec2 AROUND_DISC[3] = vec2[3](vec2(-1.7320508, -1.0), vec2(1.7320508, -1.0), vec2(0.0, 2.0));
const vec2 AROUND_BOX[3] = vec2[3](vec2(-1.0, -1.0), vec2(3.0, -1.0), vec2(-1.0, 3.0));

void main() {
    uint place = uint(gl_VertexID) / 3u;
    uint corner = uint(gl_VertexID) - 3u * place;
#ifdef VALUES
    value = values[place];
#endif
#ifdef NUMBERS
    number = first_place + place;
#endif
#ifdef SURFELS
    disc_u = discs[place].u;
    disc_v = discs[place].v;
    disc_w = discs[place].w;
#endif
    vec4 offset = footprints[place].offset;
    if (offset.w == INVISIBLE) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside: the triangle vanishes
        form = colour = origin = vec4(0.0);
        return;
    }
    vec4 axes = footprints[place].axes;
    vec2 second = offset.z * vec2(-axes.w, axes.z);
    vec2 at = offset.w == DISC ? AROUND_DISC[corner] : AROUND_BOX[corner];
    gl_Position = vec4((axes.xy + at.x * axes.zw + at.y * second) * to_clip - 1.0, 0.0, 1.0);
    form = footprints[place].form;
    colour = footprints[place].colour;
    origin = vec4(axes.xy, offset.xy);
}
