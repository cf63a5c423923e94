// Adds colour and depth of the splat that each sample shows.

#include "footprint.glsl"

layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };
#ifdef SURFELS
#include "surfel.glsl"
layout(std430, binding = 7) readonly buffer Discs { Disc discs[]; };
#endif
layout(binding = 0) uniform sampler2D first;  // see stochastic_first.frag

uniform uint first_place;  // footprints[] are those of the splats first_place to + count
uniform uint count;
uniform float share;  // 1 / samples

layout(location = 0) out vec4 target_colour;
#ifdef WITH_DEPTH
layout(location = 1) out vec2 target_depth;  // alpha z, alpha
#endif

void main() {
    vec4 seen = texelFetch(first, ivec2(gl_FragCoord.xy), 0);
    vec4 colour = vec4(0.0);
    float covered = 0.0;
    for (int s = 0; s < SAMPLES; s++) {
        uint place = floatBitsToUint(seen[s]) - SMALLEST_NORMAL - first_place;
        if (place >= count) continue;
        vec4 shown = footprints[place].colour;
#ifdef SURFELS
        vec2 d = gl_FragCoord.xy - footprints[place].axes.xy;
        if (discs[place].w.w > 0.0) meet(discs[place], d, shown.a);
#endif
        colour += shown;
        covered += 1.0;
    }
    target_colour = vec4(colour.rgb, covered) * share;
#ifdef WITH_DEPTH
    target_depth = vec2(colour.a, covered) * share;
#endif
}
