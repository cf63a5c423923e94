// Composites a premultiplied frame over a colour or a checkerboard and encodes it to 8 bits,
// rounded to nearest: the bytes of Frame.to_rgb8, developed as render/display.py does.

#include "tone.glsl"

uniform sampler2D frame;
uniform vec3 background;
uniform bool checkerboard;
uniform vec3 checker_dark;
uniform vec3 checker_light;
uniform float checker_size;  // pixels

uniform bool as_drawn;  // no exposure and no curve
uniform float gain;     // of linear light
uniform int curve;      // of tone.glsl, 0 for none

in vec2 uv;
layout(location = 0) out vec4 encoded;

void main() {
    vec4 premultiplied = texture(frame, uv);
    if (!as_drawn) {
        vec3 straight = premultiplied.rgb / max(premultiplied.a, ALPHA_FLOOR);
        premultiplied.rgb = toned(straight, gain, curve) * premultiplied.a;
    }
    vec3 behind = background;
    if (checkerboard) {
        ivec2 cell = ivec2(floor(gl_FragCoord.xy / checker_size));
        behind = ((cell.x + cell.y) & 1) == 0 ? checker_dark : checker_light;
    }
    vec3 colour = premultiplied.rgb + (1.0 - premultiplied.a) * behind;
    encoded = vec4(floor(clamp(colour, 0.0, 1.0) * 255.0 + 0.5) / 255.0, 1.0);
}
