// A cuBLASLt without a GPU: it keeps descriptors and multiplies on the CPU, through the driver of
// driver.c, so that products are recorded like kernels. It refuses what the library refuses.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { MAGIC = 0x6c74 };

// Of driver.c: runs f with a copy of its arguments when the stream comes to it.
int fake_call(void *stream, void (*f)(const void *), const void *arg, size_t n);
int fake_inside(unsigned long long p, size_t n);

struct desc { int magic, compute, trans_a, trans_b; };
struct layout { int magic; uint64_t rows, cols; int64_t ld; };
struct preference { int magic; uint64_t workspace; uint32_t align[4]; };
struct result { uint64_t algo[8]; size_t workspace; int state; float waves; int reserved[4]; };

static int handle, products, refused;

// fake_refuse makes cuBLASLt find no way to compute anything, or again.
void fake_refuse(int yes) { refused = yes; }

// fake_products counts the products that were computed.
int fake_products(void) { return products; }

size_t cublasLtGetVersion(void) { return 120805; }
int cublasLtCreate(void **h) { *h = &handle; return 0; }
int cublasLtDestroy(void *h) { return h == &handle ? 0 : NOT_INITIALIZED; }

int cublasLtMatmulDescCreate(struct desc **d, int compute, int scale) {
	if ((compute != 68 && compute != 75 && compute != 77) || scale != 0) return INVALID_VALUE;
	*d = calloc(1, sizeof **d);
	(*d)->magic = MAGIC;
	(*d)->compute = compute;
	return 0;
}
int cublasLtMatmulDescDestroy(struct desc *d) { d->magic = 0; free(d); return 0; }
int cublasLtMatmulDescSetAttribute(struct desc *d, int attribute, const int *v, size_t n) {
	if (d->magic != MAGIC || n != 4 || (*v != 0 && *v != 1)) return INVALID_VALUE;
	if (attribute == 3) d->trans_a = *v;
	else if (attribute == 4) d->trans_b = *v;
	else return NOT_SUPPORTED;
	return 0;
}

int cublasLtMatrixLayoutCreate(struct layout **l, int type, uint64_t rows, uint64_t cols, int64_t ld) {
	if (type != 0 || !rows || !cols || ld < (int64_t)rows) return INVALID_VALUE;
	*l = malloc(sizeof **l);
	**l = (struct layout){MAGIC, rows, cols, ld};
	return 0;
}
int cublasLtMatrixLayoutDestroy(struct layout *l) { l->magic = 0; free(l); return 0; }

int cublasLtMatmulPreferenceCreate(struct preference **p) {
	*p = malloc(sizeof **p);
	**p = (struct preference){MAGIC, 0, {256, 256, 256, 256}};
	return 0;
}
int cublasLtMatmulPreferenceDestroy(struct preference *p) { free(p); return 0; }
int cublasLtMatmulPreferenceSetAttribute(struct preference *p, int attribute, const void *v, size_t n) {
	if (p->magic != MAGIC) return INVALID_VALUE;
	if (attribute == 1 && n == 8) memcpy(&p->workspace, v, 8);
	else if (attribute >= 5 && attribute <= 8 && n == 4) memcpy(&p->align[attribute - 5], v, 4);
	else return INVALID_VALUE;
	return 0;
}

static int fits(const struct desc *d, const struct layout *a, const struct layout *b, const struct layout *c) {
	if (d->magic != MAGIC || a->magic != MAGIC || b->magic != MAGIC || c->magic != MAGIC) return 0;
	uint64_t m = d->trans_a ? a->cols : a->rows, k = d->trans_a ? a->rows : a->cols;
	uint64_t n = d->trans_b ? b->rows : b->cols, l = d->trans_b ? b->cols : b->rows;
	return k == l && c->rows == m && c->cols == n;
}

int cublasLtMatmulAlgoGetHeuristic(void *h, struct desc *d, struct layout *a, struct layout *b, struct layout *c, struct layout *o,
	struct preference *p, int wanted, struct result *r, int *count) {
	if (h != &handle || !fits(d, a, b, c) || o != c || p->magic != MAGIC || wanted < 1) return INVALID_VALUE;
	memset(r, 0, sizeof *r);
	*count = 0;
	if (refused) return 0;
	r->algo[0] = MAGIC;
	for (int i = 0; i < 4; i++) r->algo[1 + i] = p->align[i]; // the way that was found relies on them
	r->workspace = p->workspace / 2;
	*count = 1;
	return 0;
}

struct product { struct desc d; struct layout a, b, c; const float *x, *y; float *z; };

static void multiply(const void *arg) {
	const struct product *p = arg;
	uint64_t k = p->d.trans_a ? p->a.rows : p->a.cols;
	products++;
	for (uint64_t j = 0; j < p->c.cols; j++)
		for (uint64_t i = 0; i < p->c.rows; i++) {
			double s = 0;
			for (uint64_t l = 0; l < k; l++)
				s += (double)p->x[p->d.trans_a ? l + i * (uint64_t)p->a.ld : i + l * (uint64_t)p->a.ld] *
					(double)p->y[p->d.trans_b ? j + l * (uint64_t)p->b.ld : l + j * (uint64_t)p->b.ld];
			p->z[i + j * (uint64_t)p->c.ld] = (float)s;
		}
}

static size_t extent(const struct layout *l) { return 4 * (size_t)((l->cols - 1) * (uint64_t)l->ld + l->rows); }

int cublasLtMatmul(void *h, struct desc *d, const float *alpha, const float *x, struct layout *a, const float *y, struct layout *b,
	const float *beta, const float *in, struct layout *c, float *out, struct layout *o, const uint64_t *algo, void *workspace, size_t n, void *stream) {
	if (h != &handle || !fits(d, a, b, c) || o != c || in != out || *alpha != 1 || *beta != 0 || algo[0] != MAGIC) return INVALID_VALUE;
	const void *at[4] = {x, y, in, out};
	const struct layout *layouts[4] = {a, b, c, c};
	for (int i = 0; i < 4; i++)
		if ((uintptr_t)at[i] % algo[1 + i] || !fake_inside((unsigned long long)(uintptr_t)at[i], extent(layouts[i]))) return INVALID_VALUE;
	if (n && !fake_inside((unsigned long long)(uintptr_t)workspace, n)) return INVALID_VALUE;
	struct product p = {*d, *a, *b, *c, x, y, out};
	return fake_call(stream, multiply, &p, sizeof p) ? NOT_SUPPORTED : 0;
}
