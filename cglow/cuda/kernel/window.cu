// Pictures against the matrices that convolutions multiply.
#include "device.h"

// window is a job of k_im2col or k_col2im: pictures [N,C,H,W] with strides of their own against
// rows (n, i, j) of columns (c, tap). Package cuda has the same type.
struct window {
	float *to, *mask; // mask: only where it is positive, in the layout of the picture
	const float *from;
	int n, c, h, w, kh, kw, sh, sw, pad, oh, ow;
	int image, channel, pixel; // strides of the picture
	int add;                   // k_col2im adds to what is there
	int unused;
};

// k_im2col: job BLOCK_Z of the table p[0]: to[(n,i,j)][(c,a,e)] = from[n, c, i sh + a - pad, j sw + e - pad].
KERNEL(k_im2col) {
	const struct window d = ((const struct window *)a.p[0])[BLOCK_Z];
	int taps = d.kh * d.kw, cols = d.c * taps;
	EACH_ELEMENT(i, d.n * d.oh * d.ow * cols) {
		int col = i % cols, row = i / cols;
		int c = col / taps, tap = col % taps;
		int pixel = row % (d.oh * d.ow), n = row / (d.oh * d.ow);
		int y = pixel / d.ow * d.sh + tap / d.kw - d.pad, x = pixel % d.ow * d.sw + tap % d.kw - d.pad;
		int in = y >= 0 && y < d.h && x >= 0 && x < d.w;
		d.to[i] = in ? d.from[n * d.image + c * d.channel + (y * d.w + x) * d.pixel] : 0.f;
	}
}

// k_col2im is the transpose of k_im2col: each element of the picture collects its taps.
KERNEL(k_col2im) {
	const struct window d = ((const struct window *)a.p[0])[BLOCK_Z];
	int taps = d.kh * d.kw, cols = d.c * taps;
	EACH_ELEMENT(i, d.n * d.c * d.h * d.w) {
		// The axis that is contiguous in memory runs fastest.
		int c, pixel, n = i / (d.c * d.h * d.w), rest = i % (d.c * d.h * d.w);
		if (d.channel == 1) {
			c = rest % d.c;
			pixel = rest / d.c;
		} else {
			pixel = rest % (d.h * d.w);
			c = rest / (d.h * d.w);
		}
		int y = pixel / d.w, x = pixel % d.w;
		float s = 0.f;
		for (int k = 0; k < d.kh; k++) {
			int r = y + d.pad - k;
			if (r < 0 || r % d.sh || r / d.sh >= d.oh) continue;
			for (int e = 0; e < d.kw; e++) {
				int q = x + d.pad - e;
				if (q < 0 || q % d.sw || q / d.sw >= d.ow) continue;
				s += d.from[((n * d.oh + r / d.sh) * d.ow + q / d.sw) * cols + c * taps + k * d.kw + e];
			}
		}
		int at = n * d.image + c * d.channel + pixel * d.pixel;
		if (d.mask && !(d.mask[at] > 0.f)) s = 0.f;
		d.to[at] = d.add ? d.to[at] + s : s;
	}
}
