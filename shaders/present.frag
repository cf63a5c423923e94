// Composites a premultiplied frame over a colour or a checkerboard and encodes it to 8 bits,
// rounded to nearest: the bytes of Frame.to_rgb8.

uniform sampler2D frame;
uniform vec3 background;
uniform bool checkerboard;
uniform vec3 checker_dark;
uniform vec3 checker_light;
uniform float checker_size;  // pixels

in vec2 uv;
layout(location = 0) out vec4 encoded;

void main() {
    vec4 premultiplied = texture(frame, uv);
    vec3 behind = background;
    if (checkerboard) {
        ivec2 cell = ivec2(floor(gl_FragCoord.xy / checker_size));
        behind = ((cell.x + cell.y) & 1) == 0 ? checker_dark : checker_light;
    }
    vec3 colour = premultiplied.rgb + (1.0 - premultiplied.a) * behind;
    encoded = vec4(floor(clamp(colour, 0.0, 1.0) * 255.0 + 0.5) / 255.0, 1.0);
}
