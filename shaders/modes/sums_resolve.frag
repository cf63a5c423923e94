// C = (1 - prod (1 - alpha)) sum w alpha c / sum w alpha, and likewise depth.

layout(binding = 0) uniform sampler2D colour_sums;  // see sums.glsl
layout(binding = 1) uniform sampler2D other_sums;

layout(location = 0) out vec4 target_colour;
#ifdef WITH_DEPTH
layout(location = 1) out vec2 target_depth;  // alpha z, alpha
#endif

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 sums = texelFetch(colour_sums, pixel, 0);
    vec2 others = texelFetch(other_sums, pixel, 0).xy;
    bool drawn = sums.a > 0.0;
    float cover = drawn ? 1.0 - exp2(-others.x) : 0.0;
    // Divided first: the quotient of the sums is in the range of what was summed, they are not.
    target_colour = drawn ? vec4(sums.rgb / sums.a * cover, cover) : vec4(0.0);
#ifdef WITH_DEPTH
    target_depth = drawn ? vec2(others.y / sums.a * cover, cover) : vec2(0.0);
#endif
}
