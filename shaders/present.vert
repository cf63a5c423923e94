// One triangle that covers the screen. Texture row 0 is the picture's top row, a framebuffer's
// row 0 is the bottom: v is turned over here, and only here.

out vec2 uv;

void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    gl_Position = vec4(corner, 0.0, 1.0);
    uv = vec2(0.5 * corner.x + 0.5, 0.5 - 0.5 * corner.y);
}
