// Random coverage by integer hashing, bit for bit that of voile.render.modes.stochastic.

flat in uint number;  // of the splat in the scene

uniform uvec4 sample_keys;
uniform uint width;  // of the image, pixels

const float NOTHING = 3e38;  // above every depth and every splat_bits()

uvec4 mixed(uvec4 x) {
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0xD35A2D97u;
    return x ^ (x >> 15);
}

// Whether a splat of this alpha covers each of the samples.
bvec4 covers(float alpha) {
    uint pixel = uint(gl_FragCoord.y) * width + uint(gl_FragCoord.x);
    uvec4 bits = mixed(pixel + mixed(number ^ sample_keys));
    bvec4 covered = lessThan(vec4(bits >> 8) * (1.0 / 16777216.0), vec4(alpha));
    return bvec4(covered.x, SAMPLES > 1 && covered.y, SAMPLES > 2 && covered.z,
                 SAMPLES > 3 && covered.w);
}
