// Puts the opaque surface of meshes behind what is drawn: it shows by the transmittance that is
// left. Matte surfaces (Lambert 1760), without shadows; see voile.render.shading.matte.

#include "light.glsl"

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0) uniform sampler2D seen_depth;
layout(binding = 1) uniform sampler2D seen_normal;
layout(binding = 2) uniform sampler2D seen_tangent;
layout(binding = 3) uniform sampler2D seen_image;
layout(binding = 0, COLOUR_FORMAT) uniform image2D target_colour;
#ifdef WITH_DEPTH
layout(binding = 1, rg32f) uniform image2D target_depth;
#endif
layout(std430, binding = 5) readonly buffer Albedos { vec4 albedos[]; };  // and the material, or -1, or UNLIT

uniform mat3 rotation;
uniform vec3 eye_high;
uniform vec3 eye_low;
uniform vec2 focal;
uniform vec2 principal;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(target_colour)))) return;
    float z = texelFetch(seen_depth, pixel, 0).r;
    if (z >= NO_MESH) return;
    vec3 n = texelFetch(seen_normal, pixel, 0).xyz;
    int mesh = int(texelFetch(seen_tangent, pixel, 0).w);
    vec3 ray = vec3((vec2(pixel) + 0.5 - principal) / focal, 1.0);
    vec3 at = (z * (ray * rotation) + eye_low) + eye_high;
    vec3 light = light_around(n);
    for (int k = 0; k < lamps; k++) {
        vec3 w;
        vec3 strength = lamp_light(k, at, w);
        light += strength * max(dot(n, w), 0.0);
    }
    vec4 drawn = imageLoad(target_colour, pixel);
    float left = 1.0 - drawn.a;
    // What has a material is lit by then; see lit.comp.
    vec3 colour = albedos[mesh].rgb * texelFetch(seen_image, pixel, 0).rgb;
    if (int(albedos[mesh].w) == UNLIT) light = vec3(1.0);
    vec3 shown = albedos[mesh].w < 0.0 ? display_of(colour * light) : vec3(0.0);
    imageStore(target_colour, pixel, vec4(drawn.rgb + left * shown, 1.0));
#ifdef WITH_DEPTH
    float depth = imageLoad(target_depth, pixel).r;
#ifdef MEDIAN
    depth = left > 0.5 ? z : depth;
#else
    depth += left * z;
#endif
    imageStore(target_depth, pixel, vec4(depth, 1.0, 0.0, 0.0));
#endif
}
