// What the splats from the middle of a pixel's range on to the nearest let through.

#include "covered.glsl"

layout(binding = 0) uniform usampler2D ends;  // see sorted_halve.comp

flat in uint number;  // place in the draw order, the farthest first

layout(location = 0) out float hidden;

void main() {
    uvec2 range = texelFetch(ends, ivec2(gl_FragCoord.xy), 0).xy;
    if (number + 1u < (range.x + range.y) / 2u) discard;
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    hidden = alpha;
}
