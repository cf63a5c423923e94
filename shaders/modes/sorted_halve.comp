// Halves the range of places at which a pixel's transmittance may come to 0.5. Places are those of
// the draw order plus 1; with all splats from place `x` on it is 0.5 or below, or x is 0 and nothing
// is known; with all from `y` on it is above.

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0) uniform sampler2D left;  // transmittance of the splats from the middle on
layout(binding = 0, rg32ui) uniform uimage2D ends;

uniform uint count;
uniform bool begin;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(ends)))) return;
    uvec2 range = begin ? uvec2(0u, count + 1u) : imageLoad(ends, pixel).xy;
    uint middle = (range.x + range.y) / 2u;
    if (!begin && middle > range.x) {
        if (texelFetch(left, pixel, 0).r <= 0.5)
            range.x = middle;
        else
            range.y = middle;
    }
    imageStore(ends, pixel, uvec4(range, 0u, 0u));
}
