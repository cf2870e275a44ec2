// Functions to about 1e-7 of their value, in arithmetic that is the same on
// every machine: approximate hardware instructions would be checked by no test
// that runs without a GPU.
#ifndef MATH_H
#define MATH_H

// power2 returns 2^k for -126 <= k <= 127.
DEVICE float power2(int k) { return float_of((k + 127) << 23); }

// exp32 is e^x: x = k ln 2 + r, |r| <= 0.35, and the Taylor series of e^r, whose
// ninth term is below 1e-8.
DEVICE float exp32(float x) {
	if (x != x) return x;
	if (x > 89.f) x = 89.f;
	if (x < -104.f) return 0.f;
	int k = (int)(x * 1.44269504f + (x > 0 ? 0.5f : -0.5f));
	float r = x - k * 0.693359375f; // the first bits of ln 2: the product is exact
	r += k * 2.12194440e-4f;
	float s = 1.f / 5040.f;
	s = s * r + 1.f / 720.f;
	s = s * r + 1.f / 120.f;
	s = s * r + 1.f / 24.f;
	s = s * r + 1.f / 6.f;
	s = s * r + 0.5f;
	s = s * r * r + r + 1.f;
	int half = k / 2; // in two steps, for results near the ends of the range
	return s * power2(half) * power2(k - half);
}

// log_ratio is ln((1+s)/(1-s)) = 2 (s + s^3/3 + s^5/5 + ...) for |s| <= 1/3.
DEVICE float log_ratio(float s) {
	float z = s * s;
	float r = 1.f / 17.f;
	r = r * z + 1.f / 15.f;
	r = r * z + 1.f / 13.f;
	r = r * z + 1.f / 11.f;
	r = r * z + 1.f / 9.f;
	r = r * z + 1.f / 7.f;
	r = r * z + 0.2f;
	r = r * z + 1.f / 3.f;
	return 2.f * s + 2.f * s * z * r;
}

// log32 is ln x: x = m 2^e with m between the roots of 1/2 and 2.
DEVICE float log32(float x) {
	if (!(x > 0.f)) return x == 0.f ? float_of((int)0xff800000) : float_of(0x7fc00000);
	int e = 0;
	if (x < 1.17549435e-38f) {
		x *= 8388608.f;
		e = -23;
	}
	int b = bits_of(x);
	if (b == 0x7f800000) return x;
	int k = (b - 0x3f3504f3) >> 23;
	e += k;
	float f = float_of(b - k * 0x800000) - 1.f;
	return e * -2.12194440e-4f + log_ratio(f / (2.f + f)) + e * 0.693359375f;
}

// log1p32 is ln(1+u) for 0 <= u <= 1.
DEVICE float log1p32(float u) { return log_ratio(u / (2.f + u)); }

// tanh32: the Taylor series near 0, where e^2x - 1 would cancel.
DEVICE float tanh32(float x) {
	float m = x < 0 ? -x : x;
	if (m < 0.5f) {
		float z = x * x;
		float r = 21844.f / 6081075.f;
		r = r * z - 1382.f / 155925.f;
		r = r * z + 62.f / 2835.f;
		r = r * z - 17.f / 315.f;
		r = r * z + 2.f / 15.f;
		r = r * z - 1.f / 3.f;
		return x + x * z * r;
	}
	float y = 1.f - 2.f / (exp32(2.f * m) + 1.f);
	return x < 0 ? -y : y;
}

DEVICE float sigmoid32(float x) { return 1.f / (1.f + exp32(-x)); }

// logsigmoid32 is -ln(1 + e^-x), without overflow for any x.
DEVICE float logsigmoid32(float x) {
	float m = x < 0 ? -x : x;
	float below = x < 0 ? x : 0.f;
	if (x != x) return x;
	return below - log1p32(exp32(-m));
}

#endif
