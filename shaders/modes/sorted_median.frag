// The depth of the splat at which a pixel's transmittance comes to 0.5, where there is one.

#include "covered.glsl"

layout(binding = 0) uniform usampler2D ends;  // see sorted_halve.comp

flat in uint number;

layout(location = 0) out vec2 median;  // depth and 1, as the sums of a mean of one

void main() {
    if (number + 1u != texelFetch(ends, ivec2(gl_FragCoord.xy), 0).x) discard;
    if (!(alpha_here() >= ALPHA_MIN)) discard;
    median = vec2(met_depth, 1.0);
}
