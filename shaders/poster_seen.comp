// Alpha and depth of a poster that was drawn alone, into a layer of its own.

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0) uniform sampler2D seen_image;  // alpha last
layout(binding = 1) uniform sampler2D seen_depth;
layout(binding = 0, rg32f) writeonly uniform image2DArray posters;

uniform int number;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(posters).xy))) return;
    float z = texelFetch(seen_depth, pixel, 0).r;
    float alpha = z < NO_MESH ? texelFetch(seen_image, pixel, 0).a : 0.0;
    imageStore(posters, ivec3(pixel, number), vec4(alpha, z, 0.0, 0.0));
}
