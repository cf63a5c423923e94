// Random coverage by integer hashing, bit for bit that of voile.render.modes.stochastic.

flat in uint number;  // of the splat in the scene

uniform uvec4 sample_keys;
uniform uint width;  // of the image, pixels

const float NOTHING = 3e38;  // above every depth and every splat_bits()

uint mixed(uint x) {
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0xD35A2D97u;
    return x ^ (x >> 15);
}

// Whether a splat of this alpha covers each of the samples.
bvec4 covers(float alpha) {
    uint pixel = uint(gl_FragCoord.y) * width + uint(gl_FragCoord.x);
    bvec4 covered = bvec4(false);
    for (int s = 0; s < SAMPLES; s++) {
        uint bits = mixed(pixel + mixed(number ^ sample_keys[s]));
        covered[s] = float(bits >> 8) * (1.0 / 16777216.0) < alpha;
    }
    return covered;
}
