// Light on neural materials, once per pixel and sample; see voile.render.shading.lit, of which this
// is the same: lamps, then the environment by multiple importance sampling (Veach and Guibas 1995)
// of the material's own sampler and of a table of cells (Walker 1974).
//
// MESHES lights what the meshes' images show, behind what is drawn; SPLATS what the splats' coats
// blended to, on top of it.

#include "light.glsl"

layout(local_size_x = PIXEL_GROUP, local_size_y = PIXEL_GROUP) in;

layout(binding = 0, COLOUR_FORMAT) uniform image2D target_colour;
layout(binding = 0) uniform sampler2D environment;  // radiance
#ifdef MESHES
layout(binding = 1) uniform sampler2D seen_depth;
layout(binding = 2) uniform sampler2D seen_normal;
layout(binding = 3) uniform sampler2D seen_tangent;
layout(binding = 4) uniform sampler2D seen_uv;
layout(binding = 5) uniform sampler2D seen_image;
layout(std430, binding = 5) readonly buffer Albedos { vec4 albedos[]; };  // and the material, or -1
#else
layout(binding = 1) uniform sampler2D coats[COATS];  // normal, tint, (depth, weights), (weights) ...
// With OWN_LATENTS of the splats' own: from coat OWN on their weight, then they.
#endif
struct Material { uvec4 place; vec4 albedo; };  // net, texels, width, height; albedo, is it drawn
layout(std430, binding = 6) readonly buffer Materials { Material materials[]; };
layout(std430, binding = 4) readonly buffer Cells { vec4 cells[]; };  // share, other, density

uniform mat3 rotation;  // world to camera
uniform vec3 eye_high;
uniform vec3 eye_low;
uniform vec2 focal;
uniform vec2 principal;
uniform float gain;     // of the environment
uniform uint seed;
uniform int samples;
uniform int width;
uniform float relight;
uniform float tint;
uniform float repeats;  // of a material, per world unit

//MATERIAL

const float PI = 3.141592653589793;

uint mixed(uint x) {
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0xD35A2D97u;
    return x ^ (x >> 15);
}

// Uniform in [0, 1): bit for bit that of voile.render.modes.stochastic.
float random(uint pixel, uint sample_number, uint dimension) {
    uint key = mixed(dimension ^ mixed(sample_number + 0x9E3779B9u));
    return float(mixed(pixel + key) >> 8) * (1.0 / 16777216.0);
}

vec2 place_of(vec3 d) {
    return vec2(0.5 + atan(d.x, -d.z) / (2.0 * PI), acos(clamp(d.y, -1.0, 1.0)) / PI);
}

vec3 radiance(vec3 d) {
    ivec2 size = textureSize(environment, 0);
    vec2 at = place_of(d) * vec2(size) - 0.5;
    at.y = clamp(at.y, 0.0, float(size.y) - 1.0);
    vec2 low = floor(at), f = at - low;
    int x0 = (int(low.x) + size.x) % size.x, y0 = int(low.y);
    int x1 = (x0 + 1) % size.x, y1 = min(y0 + 1, size.y - 1);
    vec3 above = mix(texelFetch(environment, ivec2(x0, y0), 0).rgb,
                     texelFetch(environment, ivec2(x1, y0), 0).rgb, f.x);
    vec3 below = mix(texelFetch(environment, ivec2(x0, y1), 0).rgb,
                     texelFetch(environment, ivec2(x1, y1), 0).rgb, f.x);
    return mix(above, below, f.y);
}

float cell_density(vec3 d) {
    vec2 at = place_of(d);
    int row = clamp(int(at.y * float(SKY_ROWS)), 0, SKY_ROWS - 1);
    int column = clamp(int(at.x * float(SKY_COLUMNS)), 0, SKY_COLUMNS - 1);
    return cells[row * SKY_COLUMNS + column].z;
}

vec3 cell_sample(vec4 u) {
    int count = SKY_ROWS * SKY_COLUMNS;
    int cell = min(int(u.x * float(count)), count - 1);
    vec4 drawn = cells[cell];
    if (!(u.y < drawn.x)) cell = int(drawn.y);
    int row = cell / SKY_COLUMNS, column = cell - row * SKY_COLUMNS;
    float top = cos(PI * float(row) / float(SKY_ROWS));
    float bottom = cos(PI * float(row + 1) / float(SKY_ROWS));
    float y = top + (bottom - top) * u.z, sine = sqrt(max(0.0, 1.0 - y * y));
    float azimuth = 2.0 * PI * ((float(column) + u.w) / float(SKY_COLUMNS) - 0.5);
    return vec3(sine * sin(azimuth), y, -sine * cos(azimuth));
}

vec3 axis_least_along(vec3 n) {
    vec3 a = abs(n);
    return a.x <= a.y && a.x <= a.z ? vec3(1, 0, 0) : a.y <= a.z ? vec3(0, 1, 0) : vec3(0, 0, 1);
}

// Tilted towards w until n . w >= LEAST_SLANT.
vec3 facing(vec3 n, vec3 w) {
    float slant = dot(n, w);
    if (slant >= LEAST_SLANT) return n;
    vec3 across = n - slant * w;
    float size = length(across);
    return size > 1e-6 ? across * (sqrt(1.0 - LEAST_SLANT * LEAST_SLANT) / size) + LEAST_SLANT * w : w;
}

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(target_colour)))) return;
    vec4 drawn = imageLoad(target_colour, pixel);
    vec3 ray = vec3((vec2(pixel) + 0.5 - principal) / focal, 1.0);
    vec4 z[LATENTS];
#ifdef MESHES
    float depth = texelFetch(seen_depth, pixel, 0).r;
    if (depth >= NO_MESH) return;
    vec4 normal = texelFetch(seen_normal, pixel, 0), along = texelFetch(seen_tangent, pixel, 0);
    vec4 albedo = albedos[int(along.w)];
    int which = int(albedo.w);
    if (which < 0) return;
    Material material = materials[which];
    if (material.albedo.w == 0.0) return;
    vec3 n = normal.xyz, tangent = along.xyz;
    vec3 colour = albedo.rgb * texelFetch(seen_image, pixel, 0).rgb;
    float weight = 1.0 - drawn.a;
    vec3 from_eye = depth * (ray * rotation);
    vnm_material m = vnm_material(material.place.x, material.place.y, int(material.place.z),
                                  int(material.place.w));
    vnm_lookup(m, texelFetch(seen_uv, pixel, 0).xy, vnm_level(m, normal.w), z);
#else
    vec4 third = texelFetch(coats[2], pixel, 0);
    int which = 0;
    float most = third.y, total = third.y;
    for (int k = 1; k < MATERIALS; k++) {
        float w = k == 1 ? third.z : texelFetch(coats[3 + (k - 2) / 3], pixel, 0)[(k - 2) % 3];
        total += w;
        if (w > most) {
            most = w;
            which = k;
        }
    }
    if (!(total > LEAST_WEIGHT)) return;
    Material material = materials[which];
    if (material.albedo.w == 0.0) return;
    vec3 n = texelFetch(coats[0], pixel, 0).xyz;
    n = dot(n, n) > 1e-24 ? normalize(n) : vec3(0.0, 0.0, 1.0);
    float depth = third.x / total, weight = relight * total;
    vec3 captured = texelFetch(coats[1], pixel, 0).xyz / total;
    vec3 wanted = clamp(captured / max(material.albedo.rgb, 1e-3), 0.0, MOST_TINT);
    vec3 colour = 1.0 + tint * (wanted - 1.0);
    vec3 from_eye = depth * (ray * rotation);
    vnm_material m = vnm_material(material.place.x, material.place.y, int(material.place.z),
                                  int(material.place.w));
    float slant = max(dot(n, normalize(-from_eye)), LEAST_SLANT);
    float level = vnm_level(m, depth * repeats / min(focal.x, focal.y) / slant);
    vec3 shares = n * n * n * n;
    shares /= max(shares.x + shares.y + shares.z, 1e-12);
    vec3 at = ((from_eye + eye_low) + eye_high) * repeats;
    vec2 plane[3] = vec2[3](at.yz, at.zx, at.xy);
    for (int j = 0; j < LATENTS; j++) z[j] = vec4(0.0);
    for (int k = 0; k < 3; k++) {
        vec4 one[LATENTS];
        vnm_lookup(m, plane[k], level, one);
        for (int j = 0; j < LATENTS; j++) z[j] += shares[k] * one[j];
    }
#ifdef OWN_LATENTS
    float left = 1.0 - clamp(texelFetch(coats[OWN], pixel, 0).x / total, 0.0, 1.0);
    for (int j = 0; j < LATENTS; j++) z[j] *= left;
    for (int j = 0; j < OWN_LATENTS; j++)
        z[j / 4][j % 4] += texelFetch(coats[OWN + (j + 1) / 3], pixel, 0)[(j + 1) % 3] / total;
#endif
    vec3 tangent = shares.x >= shares.y && shares.x >= shares.z ? vec3(0, 1, 0)
        : shares.y >= shares.z ? vec3(0, 0, 1) : vec3(1, 0, 0);
#endif
    vec3 to_viewer = normalize(-from_eye);
    n = facing(n, to_viewer);
    vec3 t = tangent - dot(tangent, n) * n, other = axis_least_along(n);
    t = normalize(length(t) > 1e-6 ? t : other - dot(other, n) * n);
    mat3 frame = mat3(t, cross(n, t), n);  // w * frame is w along t, n x t, n
    vec3 wo = to_viewer * frame;
    vnm_lobes lobes = vnm_propose(m.net, z, wo);
    vec3 light = vec3(0.0);
    // One loop over all directions, so that the net is in the shader once.
    int directions = lamps + 2 * samples;
    vec3 place = (from_eye + eye_low) + eye_high;
    uint number = uint(pixel.y * width + pixel.x);
    for (int k = 0; k < directions; k++) {
        vec3 w, strength;
        if (k < lamps) {
            vec3 towards;
            strength = PI * lamp_light(k, place, towards);
            w = towards * frame;
        } else {
            int draw = (k - lamps) / 2;
            uint key = seed * uint(samples) + uint(draw);
            vec3 out_there;
            if (((k - lamps) & 1) == 0) {
                w = vnm_sample(lobes, wo, vec3(random(number, key, 0u), random(number, key, 1u),
                                               random(number, key, 2u)));
                out_there = to_environment * (frame * w);
            } else {
                out_there = cell_sample(vec4(random(number, key, 3u), random(number, key, 4u),
                                             random(number, key, 5u), random(number, key, 6u)));
                w = (out_there * to_environment) * frame;
            }
            float chance = vnm_density(lobes, w, wo) + cell_density(out_there);
            strength = radiance(out_there) * (gain / float(samples)) / chance;
        }
        if (w.z > 0.0) light += vnm_eval(m.net, z, w, wo) * w.z * strength;
    }
    vec3 added = weight * display_of(light * colour);
    imageStore(target_colour, pixel, vec4(drawn.rgb + added, drawn.a));
}
