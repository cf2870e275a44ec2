// Matrix products C = f(A B): general strides, so that no operand is ever transposed or copied
// first, and an epilogue, so that no result is read again at once.
#include "device.h"
#include "math.h"

// axis maps an index to an offset: (i / q) s + (i % q) s2; q = 1 is a plain stride.
struct axis {
	int s, s2, q;
};

// gemm is a job: C(i,j) = f(sum_k A(i,k) B(k,j)). Package cuda has the same type.
struct gemm {
	const float *a, *b, *bias, *logs, *mask;
	float *c;
	int m, n, k, batch;
	struct axis am, ak, bk, bn, cm;
	int cn;
	int next_a, next_b, next_c; // from one product of the batch to the next
	int chunk;                  // k per part when k is split, else 0
	int relu;
	float alpha, log_scale;
	float *parts; // [parts,m,n] when k is split
};

DEVICE int offset(struct axis x, int i) { return x.q == 1 ? i * x.s : i / x.q * x.s + i % x.q * x.s2; }

// finish stores v = alpha acc through the epilogue: + bias[j], times e^(log_scale logs[j]), ReLU,
// zero where the mask, in the layout of C, is not positive.
DEVICE void finish(const struct gemm *d, int z, int i, int j, float v) {
	int at = offset(d->cm, i) + j * d->cn + z * d->next_c;
	v *= d->alpha;
	if (d->bias) v += d->bias[j];
	if (d->logs) v *= exp32(d->log_scale * d->logs[j]);
	if (d->relu && v < 0.f) v = 0.f;
	if (d->mask && !(d->mask[at] > 0.f)) v = 0.f;
	d->c[at] = v;
}

DEVICE void store(const struct gemm *d, int z, int i, int j, float v) {
	if (i >= d->m || j >= d->n) return;
	if (d->chunk) d->parts[(z * d->m + i) * d->n + j] = v;
	else finish(d, z, i, j, v);
}

#define TILE 64
#define DEPTH 16
#define PITCH (TILE + 4)

// load brings TILE x DEPTH elements of an operand to shared memory, its rows along the side that
// is contiguous in memory. Each thread brings four.
DEVICE void load(float *tile, const float *x, struct axis side, struct axis depth, int t, int from, int count, int k, int end) {
	int along = depth.q == 1 && depth.s == 1; // threads run along k
	UNROLL
	for (int r = 0; r < 4; r++) {
		int e = t + r * 256;
		int kk = along ? e % DEPTH : e / TILE;
		int i = along ? e / DEPTH : e % TILE;
		float v = 0.f;
		if (from + i < count && k + kk < end) v = x[offset(side, from + i) + offset(depth, k + kk)];
		tile[kk * PITCH + i] = v;
	}
}

// GEMM_HEAD finds the job and the part of it: BLOCK_Z counts n[0] places a job.
#define GEMM_HEAD \
	const struct gemm *d = (const struct gemm *)a.p[0] + BLOCK_Z / a.n[0]; \
	int z = BLOCK_Z % a.n[0]; \
	int row = BLOCK_Y * TILE, col = BLOCK_X * TILE; \
	int parts = d->chunk ? (d->k + d->chunk - 1) / d->chunk : d->batch; \
	if (z >= parts || row >= d->m || col >= d->n) return; \
	int k0 = d->chunk ? z * d->chunk : 0; \
	int k1 = d->chunk && k0 + d->chunk < d->k ? k0 + d->chunk : d->k; \
	const float *x = d->a + (d->chunk ? 0 : z * d->next_a), *y = d->b + (d->chunk ? 0 : z * d->next_b)

// k_gemm: tiles of 64 x 64, 256 threads with 4 x 4 results each, in float32.
KERNEL(k_gemm) {
	SHARED(float, as, DEPTH * PITCH);
	SHARED(float, bs, DEPTH * PITCH);
	OWN(float, acc, 16);
	GEMM_HEAD;
	EACH_THREAD {
		UNROLL
		for (int i = 0; i < 16; i++) MINE(acc)[i] = 0.f;
	}
	for (int k = k0; k < k1; k += DEPTH) {
		SYNC();
		EACH_THREAD {
			load(as, x, d->am, d->ak, t, row, d->m, k, k1);
			load(bs, y, d->bn, d->bk, t, col, d->n, k, k1);
		}
		SYNC();
		EACH_THREAD {
			const float *p = as + t / 16 * 4, *q = bs + t % 16 * 4;
			UNROLL
			for (int kk = 0; kk < DEPTH; kk++) {
				UNROLL
				for (int i = 0; i < 4; i++) {
					UNROLL
					for (int j = 0; j < 4; j++) MINE(acc)[4 * i + j] += p[kk * PITCH + i] * q[kk * PITCH + j];
				}
			}
		}
	}
	EACH_THREAD {
		UNROLL
		for (int i = 0; i < 4; i++) {
			UNROLL
			for (int j = 0; j < 4; j++) store(d, z, row + t / 16 * 4 + i, col + t % 16 * 4 + j, MINE(acc)[4 * i + j]);
		}
	}
}

// k_gemm_parts adds the parts of a split product in order. n[1] = the job.
KERNEL(k_gemm_parts) {
	const struct gemm *d = (const struct gemm *)a.p[0] + BLOCK_Z;
	int size = d->m * d->n, parts = d->chunk ? (d->k + d->chunk - 1) / d->chunk : 0;
	if (!parts) return;
	EACH_ELEMENT(i, size) {
		float s = d->parts[i];
		for (int k = 1; k < parts; k++) s += d->parts[k * size + i];
		finish(d, 0, i / d->n, i % d->n, s);
	}
}

// k_gemm_finish is the epilogue of products that another library computed: job BLOCK_Z, in place.
KERNEL(k_gemm_finish) {
	const struct gemm *d = (const struct gemm *)a.p[0] + BLOCK_Z;
	EACH_ELEMENT(i, d->m * d->n) {
		int row = i / d->n, col = i % d->n;
		finish(d, 0, row, col, d->c[offset(d->cm, row) + col * d->cn]);
	}
}

// Tensor cores: a warp multiplies 16 x 8 by 8 x 8 at once. A lane holds, by the layout of the PTX
// manual (mma.m16n8k8), with g = lane / 4 and q = lane % 4,
//   of C:      rows g and g + 8, columns 2q and 2q + 1, in that order;
//   of A, tf32: (g, q), (g + 8, q), (g, q + 4), (g + 8, q + 4);    of B: (q, g), (q + 4, g);
//   of A, bf16: (g, 2q..2q+1), (g + 8, 2q..2q+1), two to a word;   of B: (2q..2q+1, g).
// Eight warps take a tile of 64 x 64: four rows of warps, two columns, 16 x 32 each.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// tf32 rounds to 10 bits of mantissa, halves away from zero, as cvt.rna.tf32 does.
DEVICE float tf32(float x) { return float_of((bits_of(x) + 0x1000) & ~0x1fff); }

// bf16 rounds to 7 bits of mantissa, halves to even.
DEVICE unsigned bf16(float x) {
	unsigned b = (unsigned)bits_of(x);
	if (x != x) return (b >> 16) | 0x40;
	return (b + 0x7fff + ((b >> 16) & 1)) >> 16;
}

#ifdef __CUDA__
#define MMA_TF32(acc, fa, fb) \
	asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
		: "+f"(MINE(acc)[0]), "+f"(MINE(acc)[1]), "+f"(MINE(acc)[2]), "+f"(MINE(acc)[3]) \
		: "r"(MINE(fa)[0]), "r"(MINE(fa)[1]), "r"(MINE(fa)[2]), "r"(MINE(fa)[3]), "r"(MINE(fb)[0]), "r"(MINE(fb)[1]))
#define MMA_BF16(acc, fa, fb) \
	asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};" \
		: "+f"(MINE(acc)[0]), "+f"(MINE(acc)[1]), "+f"(MINE(acc)[2]), "+f"(MINE(acc)[3]) \
		: "r"(MINE(fa)[0]), "r"(MINE(fa)[1]), "r"(MINE(fb)[0]))
#else
// The same on the CPU: every warp's fragments are put together to matrices by the manual's layout.
static float half_of(unsigned w, int k) { return float_of((int)(k ? w & 0xffff0000u : w << 16)); }

static void emulate(float acc[][4], int fa[][4], int fb[][2], int bf) {
	for (int w = 0; w < threads_x; w += 32) {
		float m[16][8], n[8][8];
		for (int lane = 0; lane < 32; lane++) {
			int g = lane / 4, q = lane % 4;
			for (int r = 0; r < 2; r++)
				for (int s = 0; s < 2; s++) {
					if (bf) m[g + 8 * r][2 * q + s] = half_of((unsigned)fa[w + lane][r], s);
					else m[g + 8 * r][q + 4 * s] = float_of(fa[w + lane][2 * s + r]);
				}
			for (int s = 0; s < 2; s++) {
				if (bf) n[2 * q + s][g] = half_of((unsigned)fb[w + lane][0], s);
				else n[q + 4 * s][g] = float_of(fb[w + lane][s]);
			}
		}
		for (int lane = 0; lane < 32; lane++)
			for (int e = 0; e < 4; e++)
				for (int k = 0; k < 8; k++)
					acc[w + lane][e] += m[lane / 4 + e / 2 * 8][k] * n[k][lane % 4 * 2 + e % 2];
	}
}
#define MMA_TF32(acc, fa, fb) emulate(acc, fa, fb, 0)
#define MMA_BF16(acc, fa, fb) emulate(acc, fa, fb, 1)
#endif

// GEMM_TENSOR makes a kernel: load_a and load_b fill the fragments of a step of 8 in k from the
// tiles at p (rows g of the warp) and q (column g of eight), both at the step's first k.
#define GEMM_TENSOR(name, load_a, load_b, MMA) \
	KERNEL(name) { \
		SHARED(float, as, DEPTH * PITCH); \
		SHARED(float, bs, DEPTH * PITCH); \
		OWN(float, acc0, 4); \
		OWN(float, acc1, 4); \
		OWN(float, acc2, 4); \
		OWN(float, acc3, 4); \
		OWN(int, fa, 4); \
		OWN(int, fb, 2); \
		GEMM_HEAD; \
		EACH_THREAD { \
			UNROLL \
			for (int e = 0; e < 4; e++) MINE(acc0)[e] = MINE(acc1)[e] = MINE(acc2)[e] = MINE(acc3)[e] = 0.f; \
		} \
		for (int k = k0; k < k1; k += DEPTH) { \
			SYNC(); \
			EACH_THREAD { \
				load(as, x, d->am, d->ak, t, row, d->m, k, k1); \
				load(bs, y, d->bn, d->bk, t, col, d->n, k, k1); \
			} \
			SYNC(); \
			UNROLL \
			for (int step = 0; step < DEPTH; step += 8) { \
				EACH_THREAD { \
					const float *p = as + step * PITCH + t / 64 * 16 + t % 32 / 4; \
					load_a; \
				} \
				GEMM_COLUMN(0, acc0, load_b, MMA); \
				GEMM_COLUMN(1, acc1, load_b, MMA); \
				GEMM_COLUMN(2, acc2, load_b, MMA); \
				GEMM_COLUMN(3, acc3, load_b, MMA); \
			} \
		} \
		EACH_THREAD { \
			UNROLL \
			for (int e = 0; e < 4; e++) { \
				int i = row + t / 64 * 16 + t % 32 / 4 + e / 2 * 8; \
				int j = col + t / 32 % 2 * 32 + t % 4 * 2 + e % 2; \
				store(d, z, i, j, MINE(acc0)[e]); \
				store(d, z, i, j + 8, MINE(acc1)[e]); \
				store(d, z, i, j + 16, MINE(acc2)[e]); \
				store(d, z, i, j + 24, MINE(acc3)[e]); \
			} \
		} \
	}

#define GEMM_COLUMN(c, acc, load_b, MMA) \
	EACH_THREAD { \
		const float *q = bs + step * PITCH + t / 32 % 2 * 32 + 8 * c + t % 32 / 4; \
		load_b; \
	} \
	MMA(acc, fa, fb)

#define PAIR(x, k) ((int)(bf16((x)[(k) * PITCH]) | bf16((x)[((k) + 1) * PITCH]) << 16))

GEMM_TENSOR(k_gemm_tf32,
	MINE(fa)[0] = bits_of(tf32(p[t % 4 * PITCH])); MINE(fa)[1] = bits_of(tf32(p[t % 4 * PITCH + 8]));
	MINE(fa)[2] = bits_of(tf32(p[(t % 4 + 4) * PITCH])); MINE(fa)[3] = bits_of(tf32(p[(t % 4 + 4) * PITCH + 8])),
	MINE(fb)[0] = bits_of(tf32(q[t % 4 * PITCH])); MINE(fb)[1] = bits_of(tf32(q[(t % 4 + 4) * PITCH])),
	MMA_TF32)

GEMM_TENSOR(k_gemm_bf16,
	MINE(fa)[0] = PAIR(p, t % 4 * 2); MINE(fa)[1] = PAIR(p + 8, t % 4 * 2),
	MINE(fb)[0] = PAIR(q, t % 4 * 2),
	MMA_BF16)

#endif
