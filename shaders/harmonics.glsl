// Colour from real spherical harmonics of degree 1 to 4, in the layout and with the signs of
// Kerbl et al. 2023 (INRIA); degree 4 after Sloan 2013, "Efficient Spherical Harmonic Evaluation".
//
// Needs sh_words[]: per splat an even number of RGB coefficients in float16, two a 32-bit word.

// Coefficients k and k + 1 from the three words that hold them.
vec3 sh_pair(uint word, float basis_k, float basis_k1) {
    vec2 p = unpackHalf2x16(sh_words[word]);
    vec2 q = unpackHalf2x16(sh_words[word + 1u]);
    vec2 r = unpackHalf2x16(sh_words[word + 2u]);
    return basis_k * vec3(p, q.x) + basis_k1 * vec3(q.y, r);
}

// Sum of basis times coefficient from degree 1 up, for the unit direction d from the camera's
// centre to the splat; `word` is where the splat's coefficients start.
vec3 sh_gloss(vec3 d, uint word) {
    float x = d.x, y = d.y, z = d.z;
    vec3 sum = vec3(0.0);
#if SH_DEGREE >= 1
    sum += sh_pair(word, -0.4886025119029199 * y, 0.4886025119029199 * z);
#if SH_DEGREE == 1
    sum += sh_pair(word + 3u, -0.4886025119029199 * x, 0.0);
#else
    float xx = x * x, yy = y * y, zz = z * z;
    float xy = x * y, yz = y * z, xz = x * z;
    sum += sh_pair(word + 3u, -0.4886025119029199 * x, 1.0925484305920792 * xy);
    sum += sh_pair(word + 6u, -1.0925484305920792 * yz,
                   0.31539156525252005 * (2.0 * zz - xx - yy));
    sum += sh_pair(word + 9u, -1.0925484305920792 * xz, 0.5462742152960396 * (xx - yy));
#if SH_DEGREE >= 3
    sum += sh_pair(word + 12u, -0.5900435899266435 * y * (3.0 * xx - yy),
                   2.890611442640554 * xy * z);
    sum += sh_pair(word + 15u, -0.4570457994644658 * y * (4.0 * zz - xx - yy),
                   0.3731763325901154 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy));
    sum += sh_pair(word + 18u, -0.4570457994644658 * x * (4.0 * zz - xx - yy),
                   1.445305721320277 * z * (xx - yy));
#if SH_DEGREE == 3
    sum += sh_pair(word + 21u, -0.5900435899266435 * x * (xx - 3.0 * yy), 0.0);
#else
    sum += sh_pair(word + 21u, -0.5900435899266435 * x * (xx - 3.0 * yy),
                   2.5033429417967046 * xy * (xx - yy));
    sum += sh_pair(word + 24u, -1.7701307697799304 * yz * (3.0 * xx - yy),
                   0.9461746957575601 * xy * (7.0 * zz - 1.0));
    sum += sh_pair(word + 27u, -0.6690465435572892 * yz * (7.0 * zz - 3.0),
                   0.10578554691520431 * (zz * (35.0 * zz - 30.0) + 3.0));
    sum += sh_pair(word + 30u, -0.6690465435572892 * xz * (7.0 * zz - 3.0),
                   0.47308734787878004 * (xx - yy) * (7.0 * zz - 1.0));
    sum += sh_pair(word + 33u, -1.7701307697799304 * xz * (xx - 3.0 * yy),
                   0.6258357354491761 * (xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy)));
#endif
#endif
#endif
#endif
    return sum;
}
