// Adds a frame by its weight: that of a poster is its alpha and what nearer ones let through, that of
// the frame without posters what all let through. See voile.render.posters.

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0) uniform sampler2D frame_colour;
layout(binding = 2) uniform sampler2DArray posters;  // alpha, depth
layout(binding = 0, rgba32f) uniform image2D sum_colour;
#ifdef WITH_DEPTH
layout(binding = 1) uniform sampler2D frame_depth;
layout(binding = 1, rg32f) uniform image2D sum_depth;  // sums, which add up as colours do
#endif

uniform int number;  // of the poster that is there, or -1
uniform int count;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(sum_colour)))) return;
    vec2 own = number < 0 ? vec2(1.0, 3.4e38) : texelFetch(posters, ivec3(pixel, number), 0).rg;
    float weight = own.r;
    for (int k = 0; k < count; k++) {
        vec2 other = texelFetch(posters, ivec3(pixel, k), 0).rg;
        bool nearer = number < 0 || other.g < own.g || (other.g == own.g && k < number);
        if (k != number && nearer) weight *= 1.0 - other.r;
    }
    vec4 colour = imageLoad(sum_colour, pixel) + weight * texelFetch(frame_colour, pixel, 0);
    imageStore(sum_colour, pixel, colour);
#ifdef WITH_DEPTH
    vec4 depth = imageLoad(sum_depth, pixel) + weight * texelFetch(frame_depth, pixel, 0);
    imageStore(sum_depth, pixel, depth);
#endif
}
