// A mesh in the pixel coordinates of the camera model: image row 0 is the target's row 0.

layout(location = 0) in vec3 vertex;
layout(location = 1) in vec3 vertex_normal;
layout(location = 2) in vec3 vertex_tangent;
layout(location = 3) in vec2 vertex_uv;

uniform mat3 rotation;  // world to camera, OpenCV axes
uniform vec3 eye_high;  // centre of projection in the world as a sum of two floats
uniform vec3 eye_low;
uniform vec2 focal;
uniform vec2 principal;
uniform vec2 size;
uniform float near;

out vec3 from_eye;
out vec3 normal;
out vec3 tangent;
out vec2 uv;

void main() {
    precise vec3 away = (vertex - eye_high) - eye_low;
    vec3 t = rotation * away;
    // The near plane is where z = -w.
    gl_Position = vec4((focal * t.xy + principal * t.z) * 2.0 / size - t.z, t.z - 2.0 * near, t.z);
    from_eye = away;
    normal = vertex_normal;
    tangent = vertex_tangent;
    uv = vertex_uv;
}
