// The affine coupling, see ref.Affine. raw has shift in its even channels and scale in the odd
// ones; n[1] = P, n[2] = C P, n[3] the form; f[0] the bound.
#include "device.h"
#include "math.h"

#define FORM_SIGMOID 1
#define FORM_TANH 2
#define FORM_BIAS_FIRST 4

struct affine {
	float shift, scale;                // before their functions, after the tanh of the form
	float s, logs;                     // scale and its logarithm
	float dshift, dscale, slope;       // derivatives of tanh, and of logs for scale
	int even, odd;                     // where they stand in raw
};

// affine_at is for element i of v.
DEVICE struct affine affine_at(const float *raw, int i, int pixels, int form, float bound) {
	struct affine r;
	r.even = i / pixels * 2 * pixels + i % pixels;
	r.odd = r.even + pixels;
	r.shift = raw[r.even];
	r.scale = raw[r.odd];
	r.dshift = r.dscale = 1.f;
	if (form & FORM_TANH) {
		r.shift = tanh32(r.shift);
		r.scale = tanh32(r.scale);
		r.dshift = 1.f - r.shift * r.shift;
		r.dscale = 1.f - r.scale * r.scale;
	}
	if (form & FORM_SIGMOID) {
		float x = r.scale + 2.f;
		r.s = sigmoid32(x);
		r.logs = logsigmoid32(x);
		r.slope = sigmoid32(-x);
		return r;
	}
	float t = tanh32(r.scale / bound);
	r.logs = bound * t;
	r.s = exp32(r.logs);
	r.slope = 1.f - t * t;
	return r;
}

// k_affine: u = p[0] and logdet = p[1] (may be null) from raw p[2] and v p[3]; a block for each
// image.
KERNEL(k_affine) {
	SHARED(double, part, MAX_THREADS);
	int b = BLOCK_X, size = a.n[2];
	EACH_THREAD {
		double sum = 0;
		for (int k = t; k < size; k += THREADS) {
			int i = b * size + k;
			struct affine r = affine_at(a.p[2], i, a.n[1], a.n[3], a.f[0]);
			float v = a.p[3][i];
			a.p[0][i] = a.n[3] & FORM_BIAS_FIRST ? (v + r.shift) * r.s : v * r.s + r.shift;
			sum += r.logs;
		}
		part[t] = sum;
	}
	BLOCK_SUM(part);
	EACH_THREAD {
		if (t == 0 && a.p[1]) a.p[1][b] = (float)part[0];
	}
}

// k_affine_draw: the gradients p[0] of raw p[2] and p[1] of v p[3] for those of u p[4] and of
// logdet p[5]; p[1], p[4] and p[5] may be null. n[0] elements of v.
KERNEL(k_affine_draw) {
	EACH_ELEMENT(i, a.n[0]) {
		struct affine r = affine_at(a.p[2], i, a.n[1], a.n[3], a.f[0]);
		float g = a.p[4] ? a.p[4][i] : 0.f;
		float dlogs = a.p[5] ? a.p[5][i / a.n[2]] : 0.f;
		float shifted = a.p[3][i], dshift = g, dv = g * r.s;
		if (a.n[3] & FORM_BIAS_FIRST) {
			shifted += r.shift;
			dshift = dv;
		}
		a.p[0][r.even] = dshift * r.dshift;
		a.p[0][r.odd] = (dlogs + dv * shifted) * r.slope * r.dscale;
		if (a.p[1]) a.p[1][i] = dv;
	}
}
