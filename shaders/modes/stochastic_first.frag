// Of the splats at the nearest depth of a sample the first of the scene, as a float whose order is
// that of the numbers.

#include "covered.glsl"
#include "modes/chance.glsl"

layout(binding = 0) uniform sampler2D nearest;

layout(location = 0) out vec4 first;

void main() {
    bvec4 at_front = equal(texelFetch(nearest, ivec2(gl_FragCoord.xy), 0), vec4(colour.a));
    if (!any(at_front)) discard;
    precise float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    float bits = uintBitsToFloat(number + SMALLEST_NORMAL);
    vec4 shown = mix(vec4(NOTHING), vec4(bits), covers(alpha));
    first = mix(vec4(NOTHING), shown, at_front);
}
