// Light that falls on surfaces; see voile.render.shading.

uniform vec3 irradiance[9];    // over pi, by harmonics of the direction; see environment.py
uniform mat3 to_environment;   // from world axes
uniform int lamps;
layout(std140, binding = 1) uniform Lamps { vec4 lamp[2 * MOST_LAMPS]; };  // place, is a point; light

vec3 display_of(vec3 light) {
    return mix(1.055 * pow(max(light, 0.0), vec3(1.0 / 2.4)) - 0.055, 12.92 * light,
               lessThanEqual(light, vec3(0.0031308)));
}

// From the environment on a surface with this normal, over pi.
vec3 light_around(vec3 n) {
    vec3 d = to_environment * n;
    float x = d.x, y = d.y, z = d.z;
    vec3 sum = 0.28209479177387814 * irradiance[0];
    sum += 0.4886025119029199 * (z * irradiance[2] - y * irradiance[1] - x * irradiance[3]);
    sum += 1.0925484305920792 * (x * y * irradiance[4] - y * z * irradiance[5] - x * z * irradiance[7]);
    sum += 0.31539156525252005 * (2.0 * z * z - x * x - y * y) * irradiance[6];
    sum += 0.5462742152960396 * (x * x - y * y) * irradiance[8];
    return max(sum, 0.0);
}

// Of a lamp at a point: the unit direction to it, and its light on a surface that faces it, over pi.
vec3 lamp_light(int k, vec3 at, out vec3 direction) {
    vec4 place = lamp[2 * k];
    vec3 away = place.xyz - (place.w > 0.0 ? at : vec3(0.0));
    float far = place.w > 0.0 ? max(length(away), CLOSEST_LAMP) : 1.0;
    direction = place.w > 0.0 ? away / far : away;
    return lamp[2 * k + 1].rgb / (far * far);
}
