// The optimizer on flat buffers.
#include "device.h"

// k_norm_parts: part BLOCK_X of the sums over gradients g: of squares of what ClipValue leaves,
// and of the squares themselves, which are finite only when all gradients are.
// p = parts (float64, two a block), g, hyper; n = elements, blocks.
KERNEL(k_norm_parts) {
	SHARED(double, clipped, MAX_THREADS);
	SHARED(double, plain, MAX_THREADS);
	float clip = a.p[2][6];
	EACH_THREAD {
		double s = 0, q = 0;
		for (int i = BLOCK_X * THREADS + t; i < a.n[0]; i += a.n[1] * THREADS) {
			float g = a.p[1][i];
			q += (double)g * (double)g;
			g = g > clip ? clip : g < -clip ? -clip : g;
			s += (double)g * (double)g;
		}
		clipped[t] = s;
		plain[t] = q;
	}
	BLOCK_SUM(clipped);
	BLOCK_SUM(plain);
	EACH_THREAD {
		if (t == 0) {
			((double *)a.p[0])[2 * BLOCK_X] = clipped[0];
			((double *)a.p[0])[2 * BLOCK_X + 1] = plain[0];
		}
	}
}

// k_norm: p = result [norm, finite, scale], parts, hyper, loss; n = blocks, examples of loss.
// scale is what ClipNorm multiplies gradients with; finite also looks at every loss.
KERNEL(k_norm) {
	SHARED(double, clipped, MAX_THREADS);
	SHARED(double, plain, MAX_THREADS);
	EACH_THREAD {
		double s = 0, q = 0;
		for (int i = t; i < a.n[0]; i += THREADS) {
			s += ((const double *)a.p[1])[2 * i];
			q += ((const double *)a.p[1])[2 * i + 1];
		}
		for (int i = t; i < a.n[1]; i += THREADS) q += (double)a.p[3][i] * 0;
		clipped[t] = s;
		plain[t] = q;
	}
	BLOCK_SUM(clipped);
	BLOCK_SUM(plain);
	EACH_THREAD {
		if (t == 0) {
			float norm = SQRT((float)clipped[0]), limit = a.p[2][7];
			a.p[0][0] = norm;
			a.p[0][1] = plain[0] - plain[0] == 0 ? 1.f : 0.f;
			a.p[0][2] = limit > 0.f && norm > limit ? limit / norm : 1.f;
		}
	}
}

// k_adam: one step in the order of operations of cpu.Adam, nothing when a value was not finite.
// p = w, g, m, v, hyper, result of k_norm; n[0] elements.
// hyper = step, correction2, epsilon, beta1, beta2, 1-beta1, clip (inf: none), norm limit (0: none),
// 1-beta2, and for k_average the decay in two parts. Package device has the same order.
KERNEL(k_adam) {
	const float *h = a.p[4], *r = a.p[5];
	if (r[1] == 0.f) return;
	EACH_ELEMENT(i, a.n[0]) {
		float g = a.p[1][i], clip = h[6];
		g = g > clip ? clip : g < -clip ? -clip : g;
		g *= r[2];
		float m = h[3] * a.p[2][i] + h[5] * g;
		float v = h[4] * a.p[3][i] + h[8] * (g * g);
		if (m > -1.17549435e-38f && m < 1.17549435e-38f) m = 0.f;
		if (v < 1.17549435e-38f) v = 0.f;
		a.p[2][i] = m;
		a.p[3][i] = v;
		a.p[0][i] -= h[0] * m / (SQRT(v) * h[1] + h[2]);
	}
}

// k_average: the running mean of the weights, e = decay e + (1 - decay) w, in float64; with decay 0
// the weights themselves. Nothing when a value was not finite.
// p = e (float64), w, hyper, result of k_norm; n[0] elements.
KERNEL(k_average) {
	if (a.p[3][1] == 0.f) return;
	double decay = (double)a.p[2][9] + (double)a.p[2][10];
	double *mean = (double *)a.p[0];
	EACH_ELEMENT(i, a.n[0]) {
		double w = a.p[1][i];
		mean[i] = decay == 0 ? w : decay * mean[i] + (1 - decay) * w;
	}
}
