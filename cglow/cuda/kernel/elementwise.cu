// Element-wise ops that are no program of k_map: with several results, or too many inputs.
#include "device.h"
#include "math.h"

// k_copy: p[0] = p[1], n[0] elements.
KERNEL(k_copy) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i] = a.p[1][i]; }
}

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

// k_place: p[0][(i/size)*stride + offset + i%size] = p[1][i]; n = elements, size, stride, offset.
KERNEL(k_place) {
	EACH_ELEMENT(i, a.n[0]) { a.p[0][i / a.n[1] * a.n[2] + a.n[3] + i % a.n[1]] = a.p[1][i]; }
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
