// Sums: float64 partial sums of each thread, then a tree in a fixed order.
#include "device.h"
#include "math.h"

// REDUCE makes a kernel with one block per result: y[BLOCK_X] = the sum of term over
// i = 0..count-1.
#define REDUCE(name, count, term, store) \
	KERNEL(name) { \
		SHARED(double, part, MAX_THREADS); \
		int b = BLOCK_X, count_ = (count); \
		EACH_THREAD { \
			double s = 0; \
			for (int i = t; i < count_; i += THREADS) s += (term); \
			part[t] = s; \
		} \
		BLOCK_SUM(part); \
		EACH_THREAD { \
			if (t == 0) { \
				double s = part[0]; \
				a.p[0][b] = (float)(store); \
			} \
		} \
	}

// k_mean: one row of n[0] elements.
REDUCE(k_mean, a.n[0], (double)a.p[1][i], s / a.n[0])

// k_sumbatch: y[b] = sum_i x[i n[1] + b], n[0] terms.
REDUCE(k_sumbatch, a.n[0], (double)a.p[1][i * a.n[1] + b], s)

DEVICE double gauss(float z, float mean, float logs) {
	float d = z - mean;
	return -0.91893853320467274 - (double)logs - 0.5 * (double)(d * d) * (double)exp32(-2.f * logs);
}

// k_gaussian: y [N] from z, mean, logs [N,n[0]]; ln(2 pi)/2 = 0.918938...
REDUCE(k_gaussian, a.n[0], gauss(a.p[1][b * a.n[0] + i], a.p[2][b * a.n[0] + i], a.p[3][b * a.n[0] + i]), s)

DEVICE double normal(float z) { return -0.91893853320467274 - 0.5 * (double)z * (double)z; }

// k_normal: y [N] from z [N,n[0]].
REDUCE(k_normal, a.n[0], normal(a.p[1][b * a.n[0] + i]), s)

// columns is a job of k_columns: sums over the rows of g [rows, width]. Package cuda has the same type.
struct columns {
	float *sum, *dot; // either may be null
	const float *g, *h, *logs;
	int rows, width;
};

// k_columns: column BLOCK_X of job BLOCK_Z of the table p[0]:
//   sum[j] = sum_i g[i,j],   dot[j] = e^-logs[j] sum_i g[i,j] h[i,j],
// the gradients of a bias and of a log-scale when g is the gradient behind the scale.
// Eight columns share a block, so that neighbouring threads read neighbouring elements.
KERNEL(k_columns) {
	SHARED(double, sum, MAX_THREADS);
	SHARED(double, dot, MAX_THREADS);
	const struct columns d = ((const struct columns *)a.p[0])[BLOCK_Z];
	EACH_THREAD {
		int j = BLOCK_X * 8 + t % 8;
		double s = 0, q = 0;
		if (j < d.width)
			for (int i = t / 8; i < d.rows; i += THREADS / 8) {
				float g = d.g[i * d.width + j];
				s += g;
				if (d.dot) q += (double)g * (double)d.h[i * d.width + j];
			}
		sum[t] = s;
		dot[t] = q;
	}
	for (int w = THREADS / 2; w >= 8; w /= 2) {
		SYNC();
		EACH_THREAD {
			if (t < w) {
				sum[t] += sum[t + w];
				dot[t] += dot[t + w];
			}
		}
	}
	SYNC();
	EACH_THREAD {
		int j = BLOCK_X * 8 + t;
		if (t < 8 && j < d.width) {
			if (d.sum) d.sum[j] = (float)sum[t];
			if (d.dot) d.dot[j] = (float)(dot[t] * (double)exp32(-d.logs[j]));
		}
	}
}
