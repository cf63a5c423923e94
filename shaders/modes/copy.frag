// Rounds a float32 target to the precision of another, once.

layout(binding = 0) uniform sampler2D colour_of;
#ifdef WITH_DEPTH
layout(binding = 1) uniform sampler2D depth_of;
#endif

layout(location = 0) out vec4 target_colour;
#ifdef WITH_DEPTH
layout(location = 1) out vec2 target_depth;
#endif

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    target_colour = texelFetch(colour_of, pixel, 0);
#ifdef WITH_DEPTH
    target_depth = texelFetch(depth_of, pixel, 0).xy;
#endif
}
