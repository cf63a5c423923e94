// What is nearest at a pixel, before any light falls on it; see voile.render.meshes.

uniform vec3 view_axis;   // of depth, in world axes
uniform float depth_unit; // 24 bits are spent evenly over z / (z + depth_unit)
uniform int number;       // of the mesh
uniform bool textured;
layout(binding = 0) uniform sampler2D image;  // linear light, its v down
uniform bvec2 mirrored;   // beyond the image; otherwise as the sampler has it
uniform float cutoff;     // of alpha, or 0

in vec3 from_eye;
in vec3 normal;
in vec3 tangent;
in vec2 uv;

layout(location = 0) out float seen_depth;
layout(location = 1) out vec4 seen_normal;   // unit, on the side that is seen; size of a pixel in uv
layout(location = 2) out vec4 seen_tangent;  // and the mesh
layout(location = 3) out vec2 seen_uv;
layout(location = 4) out vec4 seen_image;    // linear light

// The definition is voile.render.meshes.texture.
vec4 colour() {
    vec2 size = vec2(textureSize(image, 0));
    float texels = max(length(dFdx(uv) * size), length(dFdy(uv) * size));
    vec2 at = vec2(uv.x, 1.0 - uv.y);
    at = mix(at, 1.0 - abs(mod(at, 2.0) - 1.0), mirrored);
    return textureLod(image, at, log2(max(texels, 1e-9)));
}

void main() {
    vec4 texel = textured ? colour() : vec4(1.0);
    if (texel.a < cutoff) discard;
    float z = dot(view_axis, from_eye);
    seen_depth = z;
    vec3 n = normalize(normal);
    if (!(dot(normal, normal) > 0.0)) n = vec3(0.0);
    vec3 to_viewer = -normalize(from_eye), across = normalize(cross(dFdx(from_eye), dFdy(from_eye)));
    float flat_slant = dot(across, to_viewer);
    if (dot(n, across) * flat_slant < 0.0) n = -n;
    // A pixel is longer on the round surface that a flat triangle stands for.
    float stretch = max(abs(flat_slant) / max(dot(n, to_viewer), LEAST_SLANT), 1.0);
    seen_normal = vec4(n, max(length(dFdx(uv)), length(dFdy(uv))) * stretch);
    seen_tangent = vec4(tangent, float(number));
    seen_uv = uv;
    seen_image = texel;
    gl_FragDepth = z / (z + depth_unit);
}
