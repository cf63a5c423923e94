// Colour from real spherical harmonics of degree 1 to 4, in the layout and with the signs of
// Kerbl et al. 2023 (INRIA); degree 4 after Sloan 2013, "Efficient Spherical Harmonic Evaluation".
//
// Needs sh_words[]: per splat an even number of RGB coefficients, each of SH_STORAGE bits: 32, 16,
// or 8 after a word with the scale of the splat's coefficients, a float32.

// Coefficients 2 pair and 2 pair + 1 of the splat whose words begin at `word`.
vec3 sh_pair(uint word, uint pair, float basis_first, float basis_second) {
#if SH_STORAGE == 32
    uint at = word + 6u * pair;
    vec3 first = uintBitsToFloat(uvec3(sh_words[at], sh_words[at + 1u], sh_words[at + 2u]));
    vec3 second = uintBitsToFloat(uvec3(sh_words[at + 3u], sh_words[at + 4u], sh_words[at + 5u]));
#elif SH_STORAGE == 16
    uint at = word + 3u * pair;
    vec2 p = unpackHalf2x16(sh_words[at]);
    vec2 q = unpackHalf2x16(sh_words[at + 1u]);
    vec3 first = vec3(p, q.x), second = vec3(q.y, unpackHalf2x16(sh_words[at + 2u]));
#else
    float scale = uintBitsToFloat(sh_words[word]);
    uint at = word + 1u + 6u * pair / 4u;  // every other pair begins in the middle of a word
    vec4 p = scale * unpackSnorm4x8(sh_words[at]), q = scale * unpackSnorm4x8(sh_words[at + 1u]);
    bool whole = (pair & 1u) == 0u;
    vec3 first = whole ? p.xyz : vec3(p.zw, q.x), second = whole ? vec3(p.w, q.xy) : q.yzw;
#endif
    return basis_first * first + basis_second * second;
}

// Sum of basis times coefficient from degree 1 up, for the unit direction d from the camera's
// centre to the splat; `word` is where the splat's coefficients start.
vec3 sh_gloss(vec3 d, uint word) {
    float x = d.x, y = d.y, z = d.z;
    vec3 sum = vec3(0.0);
#if SH_DEGREE >= 1
    sum += sh_pair(word, 0u, -0.4886025119029199 * y, 0.4886025119029199 * z);
#if SH_DEGREE == 1
    sum += sh_pair(word, 1u, -0.4886025119029199 * x, 0.0);
#else
    float xx = x * x, yy = y * y, zz = z * z;
    float xy = x * y, yz = y * z, xz = x * z;
    sum += sh_pair(word, 1u, -0.4886025119029199 * x, 1.0925484305920792 * xy);
    sum += sh_pair(word, 2u, -1.0925484305920792 * yz,
                   0.31539156525252005 * (2.0 * zz - xx - yy));
    sum += sh_pair(word, 3u, -1.0925484305920792 * xz, 0.5462742152960396 * (xx - yy));
#if SH_DEGREE >= 3
    sum += sh_pair(word, 4u, -0.5900435899266435 * y * (3.0 * xx - yy),
                   2.890611442640554 * xy * z);
    sum += sh_pair(word, 5u, -0.4570457994644658 * y * (4.0 * zz - xx - yy),
                   0.3731763325901154 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy));
    sum += sh_pair(word, 6u, -0.4570457994644658 * x * (4.0 * zz - xx - yy),
                   1.445305721320277 * z * (xx - yy));
#if SH_DEGREE == 3
    sum += sh_pair(word, 7u, -0.5900435899266435 * x * (xx - 3.0 * yy), 0.0);
#else
    sum += sh_pair(word, 7u, -0.5900435899266435 * x * (xx - 3.0 * yy),
                   2.5033429417967046 * xy * (xx - yy));
    sum += sh_pair(word, 8u, -1.7701307697799304 * yz * (3.0 * xx - yy),
                   0.9461746957575601 * xy * (7.0 * zz - 1.0));
    sum += sh_pair(word, 9u, -0.6690465435572892 * yz * (7.0 * zz - 3.0),
                   0.10578554691520431 * (zz * (35.0 * zz - 30.0) + 3.0));
    sum += sh_pair(word, 10u, -0.6690465435572892 * xz * (7.0 * zz - 3.0),
                   0.47308734787878004 * (xx - yy) * (7.0 * zz - 1.0));
    sum += sh_pair(word, 11u, -1.7701307697799304 * xz * (xx - 3.0 * yy),
                   0.6258357354491761 * (xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy)));
#endif
#endif
#endif
#endif
    return sum;
}
