// The mean of frames: takes one more in; see voile.render.gl.mean.

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0) uniform sampler2D frame;
layout(binding = 0, MEAN_FORMAT) uniform image2D mean;

uniform float share;  // 1 / frames in the mean, this one included

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(mean)))) return;
    vec4 value = texelFetch(frame, pixel, 0);
    if (share < 1.0) {  // the image holds anything before the first frame
        vec4 before = imageLoad(mean, pixel);
        value = before + share * (value - before);
    }
    imageStore(mean, pixel, value);
}
