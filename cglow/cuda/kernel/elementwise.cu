// Element-wise ops: y = p[0], inputs p[1], p[2]; n[0] elements; constant f[0].
#include "device.h"
#include "math.h"

#define UNARY(name, value) \
	KERNEL(name) { \
		float *y = a.p[0]; \
		const float *xs = a.p[1]; \
		EACH_ELEMENT(i, a.n[0]) { \
			float x = xs[i]; \
			y[i] = (value); \
		} \
	}

#define BINARY(name, value) \
	KERNEL(name) { \
		float *out = a.p[0]; \
		const float *xs = a.p[1], *gs = a.p[2]; \
		EACH_ELEMENT(i, a.n[0]) { \
			float x = xs[i], g = gs[i]; \
			out[i] = (value); \
		} \
	}

UNARY(k_copy, x)
UNARY(k_neg, -x)
UNARY(k_scale, a.f[0] * x)
UNARY(k_offset, x + a.f[0])
UNARY(k_exp, exp32(x))
UNARY(k_log, log32(x))
UNARY(k_tanh, tanh32(x))
UNARY(k_sigmoid, sigmoid32(x))
UNARY(k_logsigmoid, logsigmoid32(x))
UNARY(k_relu, x > 0.f || x != x ? x : 0.f)
UNARY(k_square, x * x)

BINARY(k_sub, x - g)
BINARY(k_mul, x * g)
BINARY(k_div, x / g)
// Gradients: x is the input or the result, g the gradient of the result.
BINARY(k_tanh_dx, g * (1.f - x * x))
BINARY(k_sigmoid_dx, g * x * (1.f - x))
BINARY(k_logsigmoid_dx, g * sigmoid32(-x))
BINARY(k_relu_dx, x > 0.f ? g : 0.f)
BINARY(k_square_dx, 2.f * x * g)

// k_add: p[0] = sum of n[1] (2 to 9) arrays p[1]... of n[0] elements, from left to right.
KERNEL(k_add) {
	EACH_ELEMENT(i, a.n[0]) {
		float s = a.p[1][i] + a.p[2][i];
		UNROLL
		for (int k = 3; k < 10; k++)
			if (k <= a.n[1]) s += a.p[k][i];
		a.p[0][i] = s;
	}
}

// k_fill: p[0] = f[0], n[0] elements.
KERNEL(k_fill) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.f[0]; }
}

// k_expand: p[0][i] = p[1][i / n[1]] f[0], n[0] elements.
KERNEL(k_expand) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.p[1][i / a.n[1]] * a.f[0]; }
}

// k_repeat: p[0][i] = p[1][i mod n[1]], n[0] elements.
KERNEL(k_repeat) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.p[1][i % a.n[1]]; }
}

// Channel ops on [N,C,P] and one number per channel: n = elements, C, P, shared.
#define CHANNEL(i) (a.n[3] ? (i) / a.n[2] % a.n[1] : (i) / a.n[2])

KERNEL(k_channeladd) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.p[1][i] + a.p[2][CHANNEL(i)]; }
}

KERNEL(k_channelmul) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.p[1][i] * a.p[2][CHANNEL(i)]; }
}

// k_gaussian_dz: p = dz, dmean, dlogs (either may be null), z, mean, logs, g [N]; n = elements, size.
KERNEL(k_gaussian_dz) {
	EACH_ELEMENT(i, a.n[0]) {
		float g = a.p[6][i / a.n[1]], d = a.p[3][i] - a.p[4][i];
		float w = d * exp32(-2.f * a.p[5][i]);
		a.p[0][i] = -g * w;
		if (a.p[1]) a.p[1][i] = g * w;
		if (a.p[2]) a.p[2][i] = g * (d * w - 1.f);
	}
}

// k_normal_dz: p = dz, z, g [N]; n = elements, size.
KERNEL(k_normal_dz) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = -a.p[2][i / a.n[1]] * a.p[1][i]; }
}
