// Small square matrices: products of reflections, LU decomposition. Launches of several matrices of
// different sizes are joined: the parameters stand in a table.
#include "device.h"
#include "math.h"

#define FLOOR 1e-12f // a reflection on a zero vector is the identity, see ref.Householder
#define ROOM 6144    // floats of shared memory: (K + 2) C must fit

// k_householder: block (BLOCK_Y = matrix n, BLOCK_X = row i) carries row i through the reflections.
// p = w [N,C,C], w0 [C,C], v [N,K,C], d [N,C]; n = C, K, N.
KERNEL_OF(k_householder, jobs) {
	JOB(jobs);
	SHARED(float, row, ROOM);
	SHARED(float, part, MAX_THREADS);
	SHARED(float, norm, MAX_THREADS);
	int c = a.n[0], n = BLOCK_Y, i = BLOCK_X;
	if (i >= c || n >= a.n[2]) return;
	EACH_THREAD {
		for (int j = t; j < c; j += THREADS) row[j] = a.p[1][i * c + j];
	}
	for (int k = 0; k < a.n[1]; k++) {
		const float *v = a.p[2] + (n * a.n[1] + k) * c;
		EACH_THREAD {
			float s = 0.f, q = 0.f;
			for (int j = t; j < c; j += THREADS) {
				s += row[j] * v[j];
				q += v[j] * v[j];
			}
			part[t] = s;
			norm[t] = q;
		}
		BLOCK_SUM(part);
		BLOCK_SUM(norm);
		EACH_THREAD {
			float f = 2.f * part[0] / (norm[0] + FLOOR);
			for (int j = t; j < c; j += THREADS) row[j] -= f * v[j];
		}
		SYNC();
	}
	EACH_THREAD {
		for (int j = t; j < c; j += THREADS) a.p[0][(n * c + i) * c + j] = row[j] * exp32(a.p[3][n * c + j]);
	}
}

// k_householder_rows: what row i of matrix n adds to the gradients, see ref.HouseholderGrad.
// p = dv parts [N,K,C rows,C], dd parts [N,C rows,C], dw0 parts [N,C rows,C], w0, v, d, g; n = C, K, N.
KERNEL_OF(k_householder_rows, jobs) {
	JOB(jobs);
	SHARED(float, rows, ROOM); // row i of w0, w0 H1, ... [K+1,C], then that of the gradient
	SHARED(float, s1, MAX_THREADS);
	SHARED(float, s2, MAX_THREADS);
	SHARED(float, s3, MAX_THREADS);
	int c = a.n[0], kk = a.n[1], n = BLOCK_Y, i = BLOCK_X;
	if (i >= c || n >= a.n[2]) return;
	float *g = rows + (kk + 1) * c;
	EACH_THREAD {
		for (int j = t; j < c; j += THREADS) rows[j] = a.p[3][i * c + j];
	}
	for (int k = 0; k < kk; k++) {
		const float *v = a.p[4] + (n * kk + k) * c;
		float *row = rows + k * c;
		EACH_THREAD {
			float s = 0.f, q = 0.f;
			for (int j = t; j < c; j += THREADS) {
				s += row[j] * v[j];
				q += v[j] * v[j];
			}
			s1[t] = s;
			s2[t] = q;
		}
		BLOCK_SUM(s1);
		BLOCK_SUM(s2);
		EACH_THREAD {
			float f = 2.f * s1[0] / (s2[0] + FLOOR);
			for (int j = t; j < c; j += THREADS) row[c + j] = row[j] - f * v[j];
		}
		SYNC();
	}
	EACH_THREAD {
		for (int j = t; j < c; j += THREADS) {
			g[j] = a.p[6][(n * c + i) * c + j] * exp32(a.p[5][n * c + j]);
			a.p[1][(n * c + i) * c + j] = g[j] * rows[kk * c + j];
		}
	}
	for (int k = kk - 1; k >= 0; k--) {
		const float *v = a.p[4] + (n * kk + k) * c;
		float *row = rows + k * c, *dv = a.p[0] + ((n * kk + k) * c + i) * c;
		SYNC();
		EACH_THREAD {
			float u = 0.f, h = 0.f, q = 0.f;
			for (int j = t; j < c; j += THREADS) {
				u += row[j] * v[j];
				h += g[j] * v[j];
				q += v[j] * v[j];
			}
			s1[t] = u;
			s2[t] = h;
			s3[t] = q;
		}
		BLOCK_SUM(s1);
		BLOCK_SUM(s2);
		BLOCK_SUM(s3);
		EACH_THREAD {
			float u = s1[0], h = s2[0], f = 2.f / (s3[0] + FLOOR);
			for (int j = t; j < c; j += THREADS) {
				dv[j] = f * (f * u * h * v[j] - h * row[j] - u * g[j]);
				g[j] -= f * h * v[j];
			}
		}
	}
	SYNC();
	EACH_THREAD {
		for (int j = t; j < c; j += THREADS) a.p[2][(n * c + i) * c + j] = g[j];
	}
}

// k_middle_sum: y[b,j] = sum_i x[b,i,j]; n = elements of y, rows, C.
KERNEL_OF(k_middle_sum, jobs) {
	JOB(jobs);
	EACH_ELEMENT(e, a.n[0]) {
		double s = 0;
		int b = e / a.n[2], j = e % a.n[2];
		for (int i = 0; i < a.n[1]; i++) s += a.p[1][(b * a.n[1] + i) * a.n[2] + j];
		a.p[0][e] = (float)s;
	}
}

// k_lu: a matrix w [C,C] a block: LU decomposition with partial pivoting in float64, see
// ref.LogAbsDet, and then what n[1] asks for:
//   0: y[n] = ln|det|;  1: y = g[n] w^-T;  2: y = w^-1.
// p = y, w, g, room (float64: 2 C^2 a matrix), permutations (C a matrix, as float32),
// fault, n = C, mode, N. A singular matrix gives NaN: no update of weights follows it. fault: per matrix 1 + column, pivot, largest element; 0 in the first place when all is well.
KERNEL_OF(k_lu, jobs) {
	JOB(jobs);
	SHARED(double, largest, MAX_THREADS);
	SHARED(int, pivot, 1);
	int c = a.n[0], n = BLOCK_X;
	if (n >= a.n[2]) return;
	double *lu = (double *)a.p[3] + n * 2 * c * c, *inv = lu + c * c;
	float *perm = a.p[4] + n * c, *fault = a.p[5] + 3 * n;
	EACH_THREAD {
		double m = 0;
		for (int i = t; i < c * c; i += THREADS) {
			lu[i] = a.p[1][n * c * c + i];
			if (ABS64(lu[i]) > m) m = ABS64(lu[i]);
		}
		for (int i = t; i < c; i += THREADS) perm[i] = (float)i;
		largest[t] = m;
		if (t == 0) fault[0] = 0.f;
	}
	for (int w = THREADS / 2; w > 0; w /= 2) {
		SYNC();
		EACH_THREAD {
			if (t < w && largest[t + w] > largest[t]) largest[t] = largest[t + w];
		}
	}
	SYNC();
	for (int k = 0; k < c; k++) {
		EACH_THREAD {
			if (t == 0) {
				int best = k;
				for (int i = k + 1; i < c; i++)
					if (ABS64(lu[i * c + k]) > ABS64(lu[best * c + k])) best = i;
				pivot[0] = best;
				double p = ABS64(lu[best * c + k]);
				if (fault[0] == 0.f && (!(p > 1e-12 * largest[0]) || p - p != 0)) {
					fault[0] = (float)(k + 1);
					fault[1] = (float)lu[best * c + k];
					fault[2] = (float)largest[0];
				}
				if (best != k) {
					float f = perm[k];
					perm[k] = perm[best];
					perm[best] = f;
				}
			}
		}
		SYNC();
		EACH_THREAD {
			int best = pivot[0];
			if (best != k)
				for (int j = t; j < c; j += THREADS) {
					double x = lu[k * c + j];
					lu[k * c + j] = lu[best * c + j];
					lu[best * c + j] = x;
				}
		}
		SYNC();
		EACH_THREAD {
			for (int i = k + 1 + t; i < c; i += THREADS) lu[i * c + k] /= lu[k * c + k];
		}
		SYNC();
		EACH_THREAD {
			int side = c - k - 1;
			for (int e = t; e < side * side; e += THREADS) {
				int i = k + 1 + e / side, j = k + 1 + e % side;
				lu[i * c + j] -= lu[i * c + k] * lu[k * c + j];
			}
		}
		SYNC();
	}
	if (a.n[1] == 0) {
		EACH_THREAD {
			if (t == 0) {
				// The product of the pivots, its exponent apart: one logarithm, no overflow.
				double m = 1;
				int e = 0;
				for (int i = 0; i < c; i++) {
					m *= ABS64(lu[i * c + i]);
					for (; m >= 2; e++) m *= 0.5;
					for (; m < 1 && m > 0; e--) m *= 2;
				}
				a.p[0][n] = fault[0] != 0.f ? float_of(0x7fc00000) : (float)(e * 0.69314718055994531 + (double)log32((float)m));
			}
		}
		return;
	}
	EACH_THREAD { // column j of the inverse: L U x = P e_j
		for (int j = t; j < c; j += THREADS) {
			for (int i = 0; i < c; i++) {
				double s = (int)perm[i] == j;
				for (int k = 0; k < i; k++) s -= lu[i * c + k] * inv[k * c + j];
				inv[i * c + j] = s;
			}
			for (int i = c - 1; i >= 0; i--) {
				double s = inv[i * c + j];
				for (int k = i + 1; k < c; k++) s -= lu[i * c + k] * inv[k * c + j];
				inv[i * c + j] = s / lu[i * c + i];
			}
			for (int i = 0; i < c; i++) {
				if (fault[0] != 0.f) inv[i * c + j] = (double)float_of(0x7fc00000);
				if (a.n[1] == 1) a.p[0][n * c * c + j * c + i] = (float)(a.p[2][n] * inv[i * c + j]);
				else a.p[0][n * c * c + i * c + j] = (float)inv[i * c + j];
			}
		}
	}
}
