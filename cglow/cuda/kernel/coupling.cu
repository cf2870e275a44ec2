// The last convolution of a coupling network, 3x3 to few channels, as a product with all taps of
// all channels, t [N*H*W, (o, tap)], and a gather.
#include "device.h"
#include "math.h"

// k_fold: raw[n,o,p] = (sum_tap t[(n, p + tap - 1), (o, tap)] + b[o]) e^(3 l[o]).
// p = raw, t, b, l; n = elements of raw, Out, H, W.
KERNEL(k_fold) {
	int out = a.n[1], h = a.n[2], w = a.n[3];
	EACH_ELEMENT(i, a.n[0]) {
		int x = i % w, y = i / w % h, o = i / (w * h) % out, n = i / (w * h * out);
		float s = 0.f;
		for (int tap = 0; tap < 9; tap++) {
			int r = y + tap / 3 - 1, q = x + tap % 3 - 1;
			if (r >= 0 && r < h && q >= 0 && q < w) s += a.p[1][((n * h + r) * w + q) * (9 * out) + o * 9 + tap];
		}
		a.p[0][i] = (s + a.p[2][o]) * exp32(3.f * a.p[3][o]);
	}
}

// k_unfold is the gradient: dt[(n,q), (o,tap)] = g[n, o, q - tap + 1] e^(3 l[o]).
// p = dt, g, l; n = elements of dt, Out, H, W.
KERNEL(k_unfold) {
	int out = a.n[1], h = a.n[2], w = a.n[3];
	EACH_ELEMENT(i, a.n[0]) {
		int col = i % (9 * out), row = i / (9 * out);
		int o = col / 9, tap = col % 9;
		int x = row % w - tap % 3 + 1, y = row / w % h - tap / 3 + 1, n = row / (w * h);
		int in = x >= 0 && x < w && y >= 0 && y < h;
		a.p[0][i] = in ? a.p[1][((n * out + o) * h + y) * w + x] * exp32(3.f * a.p[2][o]) : 0.f;
	}
}

// k_outer_scale: one block per channel o of g and raw [N,Out,P]:
//   db[o] = e^(3 l[o]) sum g,   dl[o] = 3 sum g raw.
// p = db, dl (either may be null), g, raw, l; n = N, Out, P.
KERNEL(k_outer_scale) {
	SHARED(double, sum, MAX_THREADS);
	SHARED(double, dot, MAX_THREADS);
	int o = BLOCK_X, out = a.n[1], p = a.n[2];
	EACH_THREAD {
		double s = 0, q = 0;
		for (int i = t; i < a.n[0] * p; i += THREADS) {
			int at = (i / p * out + o) * p + i % p;
			s += a.p[2][at];
			q += (double)a.p[2][at] * (double)a.p[3][at];
		}
		sum[t] = s;
		dot[t] = q;
	}
	BLOCK_SUM(sum);
	BLOCK_SUM(dot);
	EACH_THREAD {
		if (t == 0) {
			if (a.p[0]) a.p[0][o] = (float)(sum[0] * (double)exp32(3.f * a.p[4][o]));
			if (a.p[1]) a.p[1][o] = (float)(3 * dot[0]);
		}
	}
}
