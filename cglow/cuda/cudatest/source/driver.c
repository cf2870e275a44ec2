// A CUDA driver without a GPU: device memory is host memory between guard
// values, kernels are the project's own, compiled for the CPU and run block by
// block, a graph is a list of calls. It refuses what a driver refuses: calls
// without a context, addresses outside an allocation, synchronisation while a
// stream is recorded, kernels that the loaded PTX does not have.
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dlfcn.h>
#include "device.h"

typedef unsigned long long address;
typedef int result;
typedef void (*kernel)(const struct args);

int block_x, block_y, block_z, blocks_x, threads_x;

enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
	INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500,
	ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900 };

// ---- errors on demand

static char fail_call[64];
static int fail_code, fail_after, sticky;

// fake_fail makes a call fail with a code, after so many that succeed.
void fake_fail(const char *call, int code, int after) {
	snprintf(fail_call, sizeof fail_call, "%s", call);
	fail_code = code;
	fail_after = after;
}

static int is_sticky(int code) { return code >= 700 && code <= 719 && code != 701; }

static int should_fail(const char *call) {
	if (sticky) return sticky;
	if (!fail_code || strcmp(call, fail_call) || fail_after-- > 0) return 0;
	int code = fail_code;
	fail_code = 0;
	if (is_sticky(code)) sticky = code;
	return code;
}

static int initialised;
static __thread void *current;

#define ENTER(call) do { \
		int code_ = should_fail(call); \
		if (code_) return code_; \
		if (!initialised) return NOT_INITIALIZED; \
	} while (0)
#define IN_CONTEXT(call) do { \
		ENTER(call); \
		if (!current) return INVALID_CONTEXT; \
	} while (0)

static int setting(const char *name, int otherwise) {
	const char *s = getenv(name);
	return s && *s ? atoi(s) : otherwise;
}

// ---- devices

result cuInit(unsigned flags) {
	int code = should_fail("cuInit");
	if (!code) code = setting("FAKE_CUDA_INIT", 0);
	if (code) return code;
	initialised = 1;
	return flags ? INVALID_VALUE : 0;
}

result cuDriverGetVersion(int *v) { *v = setting("FAKE_CUDA_VERSION", 12040); return 0; }

result cuGetErrorName(result code, const char **name) {
	switch (code) {
	case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; return 0;
	case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return 0;
	case NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; return 0;
	case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; return 0;
	case ILLEGAL_ADDRESS: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; return 0;
	}
	*name = NULL;
	return INVALID_VALUE;
}

static int device_count(void) { return setting("FAKE_CUDA_DEVICES", 1); }

result cuDeviceGetCount(int *n) { ENTER("cuDeviceGetCount"); *n = device_count(); return 0; }
result cuDeviceGet(int *d, int i) { ENTER("cuDeviceGet"); *d = i; return i < device_count() ? 0 : INVALID_DEVICE; }
result cuDeviceGetName(char *s, int n, int d) { ENTER("cuDeviceGetName"); snprintf(s, n, "Fake GPU %d (the CPU)", d); return 0; }
result cuDeviceTotalMem_v2(size_t *n, int d) { ENTER("cuDeviceTotalMem_v2"); (void)d; *n = (size_t)1 << 30; return 0; }

result cuDeviceGetAttribute(int *v, int what, int d) {
	ENTER("cuDeviceGetAttribute");
	(void)d;
	int arch = setting("FAKE_CUDA_ARCH", 90);
	switch (what) {
	case 16: *v = 4; return 0;
	case 75: *v = arch / 10; return 0;
	case 76: *v = arch % 10; return 0;
	}
	return INVALID_VALUE;
}

static int primary, retained;
static void free_all(void);
result cuDevicePrimaryCtxRetain(void **c, int d) { ENTER("cuDevicePrimaryCtxRetain"); (void)d; retained++; *c = &primary; return 0; }
result cuDevicePrimaryCtxRelease_v2(int d) {
	ENTER("cuDevicePrimaryCtxRelease_v2");
	(void)d;
	if (--retained == 0) free_all(); // a context takes its memory with it
	return 0;
}
result cuCtxSetCurrent(void *c) { ENTER("cuCtxSetCurrent"); current = c; return 0; }

// ---- memory

#define GUARD 256
struct allocation { unsigned char *start; size_t size; struct allocation *next; };
static struct allocation *allocations;
static size_t in_use;

// fake_guards returns how many allocations, freed ones included, have damaged guards.
static int damaged;
static int guards_hold(const struct allocation *m) {
	for (int i = 0; i < GUARD; i++)
		if (m->start[i - GUARD] != 0xa5 || m->start[m->size + i] != 0xa5) return 0;
	return 1;
}
int fake_guards(void) {
	int n = damaged;
	for (struct allocation *m = allocations; m; m = m->next) n += !guards_hold(m);
	return n;
}
long long fake_memory(void) { return (long long)in_use; }

static void free_all(void) {
	while (allocations) {
		struct allocation *e = allocations;
		damaged += !guards_hold(e);
		allocations = e->next;
		free(e->start - GUARD);
		free(e);
	}
	in_use = 0;
}

// fake_reset forgets a failure and a lost device with all that was on it.
void fake_reset(void) {
	sticky = fail_code = 0;
	retained = 0;
	free_all();
}

static int inside(address p, size_t n) {
	for (struct allocation *m = allocations; m; m = m->next)
		if (p >= (address)(uintptr_t)m->start && p + n <= (address)(uintptr_t)m->start + m->size) return 1;
	return 0;
}

result cuMemAlloc_v2(address *p, size_t n) {
	IN_CONTEXT("cuMemAlloc_v2");
	if (n == 0) return INVALID_VALUE;
	if (in_use + n > (size_t)1 << 30) return OUT_OF_MEMORY;
	unsigned char *m = aligned_alloc(256, (n + 2 * GUARD + 255) / 256 * 256);
	struct allocation *e = malloc(sizeof *e);
	if (!m || !e) return OUT_OF_MEMORY;
	memset(m, 0xa5, n + 2 * GUARD);
	memset(m + GUARD, 0xff, n); // NaN
	*e = (struct allocation){m + GUARD, n, allocations};
	allocations = e;
	in_use += n;
	*p = (address)(uintptr_t)e->start;
	return 0;
}

result cuMemFree_v2(address p) {
	IN_CONTEXT("cuMemFree_v2");
	for (struct allocation **m = &allocations; *m; m = &(*m)->next) {
		if ((address)(uintptr_t)(*m)->start != p) continue;
		struct allocation *e = *m;
		damaged += !guards_hold(e);
		*m = e->next;
		in_use -= e->size;
		free(e->start - GUARD);
		free(e);
		return 0;
	}
	return INVALID_VALUE;
}

result cuMemGetInfo_v2(size_t *f, size_t *total) {
	IN_CONTEXT("cuMemGetInfo_v2");
	*total = (size_t)1 << 30;
	*f = *total - in_use;
	return 0;
}
result cuMemHostAlloc(void **p, size_t n, unsigned flags) { IN_CONTEXT("cuMemHostAlloc"); (void)flags; *p = calloc(1, n); return *p ? 0 : OUT_OF_MEMORY; }
result cuMemFreeHost(void *p) { IN_CONTEXT("cuMemFreeHost"); free(p); return 0; }

// ---- work: done at once, or recorded

enum { COPY, FILL, LAUNCH, CALL };
struct work {
	int kind;
	void *to;
	const void *from;
	size_t n;
	unsigned bits;
	kernel f;
	void (*call)(const void *);
	unsigned char arg[256]; // of call
	unsigned gx, gy, gz, threads;
	struct args a;
};
struct graph { struct work *w; int n, room; };
struct stream { struct graph *recording; };
static struct stream *the_stream;
static long long launched;

long long fake_launched(void) { return launched; }

static void perform(const struct work *w) {
	switch (w->kind) {
	case COPY: memcpy(w->to, w->from, w->n); return;
	case CALL: w->call(w->arg); return;
	case FILL: for (size_t i = 0; i < w->n; i++) ((unsigned *)w->to)[i] = w->bits; return;
	}
	launched++;
	threads_x = (int)w->threads;
	blocks_x = (int)w->gx;
	for (block_z = 0; block_z < (int)w->gz; block_z++)
		for (block_y = 0; block_y < (int)w->gy; block_y++)
			for (block_x = 0; block_x < (int)w->gx; block_x++) w->f(w->a);
}

static result issue(struct stream *s, struct work w) {
	if (!s || s != the_stream) return INVALID_HANDLE;
	struct graph *g = s->recording;
	if (!g) {
		perform(&w);
		return 0;
	}
	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 64;
		g->w = realloc(g->w, sizeof *g->w * (size_t)g->room);
	}
	g->w[g->n++] = w;
	return 0;
}

// fake_call and fake_inside are for the other libraries of the tests.
int fake_call(void *s, void (*f)(const void *), const void *arg, size_t n) {
	struct work w = {.kind = CALL, .call = f};
	if (n > sizeof w.arg) return INVALID_VALUE;
	memcpy(w.arg, arg, n);
	return issue(s, w);
}
int fake_inside(address p, size_t n) { return inside(p, n); }

static result copy(struct stream *s, void *to, const void *from, size_t n, int in) {
	if (!in) return INVALID_VALUE;
	return issue(s, (struct work){.kind = COPY, .to = to, .from = from, .n = n});
}
result cuMemcpyHtoDAsync_v2(address d, const void *h, size_t n, struct stream *s) {
	IN_CONTEXT("cuMemcpyHtoDAsync_v2");
	return copy(s, (void *)(uintptr_t)d, h, n, inside(d, n));
}
result cuMemcpyDtoHAsync_v2(void *h, address d, size_t n, struct stream *s) {
	IN_CONTEXT("cuMemcpyDtoHAsync_v2");
	return copy(s, h, (void *)(uintptr_t)d, n, inside(d, n));
}
result cuMemcpyDtoDAsync_v2(address to, address from, size_t n, struct stream *s) {
	IN_CONTEXT("cuMemcpyDtoDAsync_v2");
	return copy(s, (void *)(uintptr_t)to, (void *)(uintptr_t)from, n, inside(to, n) && inside(from, n));
}
result cuMemsetD32Async(address d, unsigned bits, size_t n, struct stream *s) {
	IN_CONTEXT("cuMemsetD32Async");
	if (!inside(d, 4 * n)) return INVALID_VALUE;
	return issue(s, (struct work){.kind = FILL, .to = (void *)(uintptr_t)d, .bits = bits, .n = n});
}

// ---- modules

struct module { char *text; };

result cuModuleLoadDataEx(struct module **m, const char *image, unsigned n, int *options, void **values) {
	IN_CONTEXT("cuModuleLoadDataEx");
	char want[32];
	const char *target = strstr(image, ".target sm_");
	snprintf(want, sizeof want, "%d", setting("FAKE_CUDA_ARCH", 90));
	if (!strstr(image, ".version") || !target || atoi(target + 11) > atoi(want)) {
		for (unsigned i = 0; i < n; i++)
			if (options[i] == 5) strcpy(values[i], "fake: not PTX for this device");
		return INVALID_PTX;
	}
	*m = malloc(sizeof **m);
	(*m)->text = strdup(image);
	return 0;
}
result cuModuleUnload(struct module *m) { IN_CONTEXT("cuModuleUnload"); free(m->text); free(m); return 0; }

result cuModuleGetFunction(kernel *f, struct module *m, const char *name) {
	IN_CONTEXT("cuModuleGetFunction");
	char entry[128];
	snprintf(entry, sizeof entry, ".entry %s(", name);
	if (!strstr(m->text, entry)) return NOT_FOUND;
	Dl_info self;
	dladdr((void *)cuInit, &self);
	void *lib = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
	*f = (kernel)(uintptr_t)dlsym(lib, name);
	dlclose(lib);
	return *f ? 0 : NOT_FOUND;
}

result cuLaunchKernel(kernel f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
	unsigned shared, struct stream *s, void **params, void **extra) {
	IN_CONTEXT("cuLaunchKernel");
	if (!f || extra || shared || by != 1 || bz != 1 || !gx || !gy || !gz || gy > 65535 || gz > 65535 || bx > MAX_THREADS)
		return INVALID_VALUE;
	struct work w = {.kind = LAUNCH, .f = f, .gx = gx, .gy = gy, .gz = gz, .threads = bx};
	memcpy(&w.a, params[0], sizeof w.a);
	// A device would fault on an address that was never allocated.
	for (int i = 0; i < 10; i++)
		if (w.a.p[i] && !inside((address)(uintptr_t)w.a.p[i], 4)) { sticky = ILLEGAL_ADDRESS; return ILLEGAL_ADDRESS; }
	return issue(s, w);
}

// ---- streams, graphs, events

result cuStreamCreate(struct stream **s, unsigned flags) {
	IN_CONTEXT("cuStreamCreate");
	(void)flags;
	*s = the_stream = calloc(1, sizeof **s);
	return 0;
}
result cuStreamDestroy_v2(struct stream *s) { IN_CONTEXT("cuStreamDestroy_v2"); free(s); if (the_stream == s) the_stream = NULL; return 0; }
result cuStreamSynchronize(struct stream *s) {
	IN_CONTEXT("cuStreamSynchronize");
	return s->recording ? CAPTURE_UNSUPPORTED : 0;
}
result cuStreamBeginCapture_v2(struct stream *s, int mode) {
	IN_CONTEXT("cuStreamBeginCapture_v2");
	(void)mode;
	if (s->recording) return INVALID_VALUE;
	s->recording = calloc(1, sizeof(struct graph));
	return 0;
}
result cuStreamEndCapture(struct stream *s, struct graph **g) {
	IN_CONTEXT("cuStreamEndCapture");
	if (!s->recording) return INVALID_VALUE;
	*g = s->recording;
	s->recording = NULL;
	return 0;
}
result cuGraphGetNodes(struct graph *g, void **nodes, size_t *n) { IN_CONTEXT("cuGraphGetNodes"); (void)nodes; *n = (size_t)g->n; return 0; }
result cuGraphInstantiateWithFlags(struct graph **e, struct graph *g, unsigned long long flags) {
	IN_CONTEXT("cuGraphInstantiateWithFlags");
	(void)flags;
	*e = malloc(sizeof **e);
	**e = *g;
	(*e)->w = malloc(sizeof *g->w * (size_t)(g->n + 1));
	if (g->n) memcpy((*e)->w, g->w, sizeof *g->w * (size_t)g->n);
	return 0;
}
result cuGraphLaunch(struct graph *e, struct stream *s) {
	IN_CONTEXT("cuGraphLaunch");
	if (s->recording) return CAPTURE_UNSUPPORTED;
	for (int i = 0; i < e->n; i++) perform(&e->w[i]);
	return 0;
}
result cuGraphDestroy(struct graph *g) { IN_CONTEXT("cuGraphDestroy"); free(g->w); free(g); return 0; }
result cuGraphExecDestroy(struct graph *e) { IN_CONTEXT("cuGraphExecDestroy"); free(e->w); free(e); return 0; }

result cuEventCreate(void **e, unsigned flags) { IN_CONTEXT("cuEventCreate"); (void)flags; *e = malloc(1); return 0; }
result cuEventRecord(void *e, struct stream *s) { IN_CONTEXT("cuEventRecord"); (void)e; (void)s; return 0; }
result cuEventSynchronize(void *e) { IN_CONTEXT("cuEventSynchronize"); (void)e; return 0; }
result cuEventElapsedTime(float *ms, void *a, void *b) { IN_CONTEXT("cuEventElapsedTime"); (void)a; (void)b; *ms = 1; return 0; }
result cuEventDestroy_v2(void *e) { IN_CONTEXT("cuEventDestroy_v2"); free(e); return 0; }
