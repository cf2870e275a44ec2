// One source for two machines. clang compiles the kernels to PTX; a C compiler
// compiles the same text for the CPU, where a block's threads run one after the
// other, so that tests without a GPU run what a GPU would run.
//
// A kernel is a row of phases. Inside EACH_THREAD, t is the thread; between two
// phases that talk through shared memory stands SYNC. Loops around phases must
// be the same for all threads of a block. What a thread carries from one phase
// to the next is declared by OWN and reached by MINE.
#ifndef DEVICE_H
#define DEVICE_H

// args is the one parameter of every kernel; its meaning stands at the kernel.
// Package cuda has the same type.
struct args {
	float *p[10];
	int n[20];
	float f[4];
};

#define MAX_THREADS 256

#ifdef __CUDA__

#define KERNEL(name) extern "C" __attribute__((global, launch_bounds(MAX_THREADS))) void name(const struct args a)
#define KERNEL_OF(name, table) extern "C" __attribute__((global, launch_bounds(MAX_THREADS))) void name(const struct args table)
#define DEVICE static inline __attribute__((device, always_inline))
#define SHARED(type, name, count) static __attribute__((shared, aligned(16))) type name[count]
#define BLOCK_X ((int)__nvvm_read_ptx_sreg_ctaid_x())
#define BLOCK_Y ((int)__nvvm_read_ptx_sreg_ctaid_y())
#define BLOCK_Z ((int)__nvvm_read_ptx_sreg_ctaid_z())
#define BLOCKS_X ((int)__nvvm_read_ptx_sreg_nctaid_x())
#define THREADS ((int)__nvvm_read_ptx_sreg_ntid_x())
#define THREAD ((int)__nvvm_read_ptx_sreg_tid_x())
#define EACH_THREAD for (int t = THREAD, once_ = 1; once_; once_ = 0 * t)
#define EACH_ELEMENT(i, count) \
	for (int i = BLOCK_X * THREADS + THREAD; i < (count); i += BLOCKS_X * THREADS)
#define OWN(type, name, count) type name[1][count]
#define MINE(name) name[0]
#define SYNC() __nvvm_bar_sync(0)
#define UNROLL _Pragma("unroll")
#define SQRT(x) __nvvm_sqrt_rn_f(x)
#define ABS64(x) __nvvm_fabs_d(x)

#else

extern int block_x, block_y, block_z, blocks_x, threads_x;
#define KERNEL(name) void name(const struct args a)
#define KERNEL_OF(name, table) void name(const struct args table)
#define DEVICE static inline
#define SHARED(type, name, count) static type name[count]
#define BLOCK_X block_x
#define BLOCK_Y block_y
#define BLOCK_Z block_z
#define BLOCKS_X blocks_x
#define THREADS threads_x
#define EACH_THREAD for (int t = 0; t < threads_x; t++)
#define EACH_ELEMENT(i, count) \
	for (int base_ = block_x * threads_x; base_ < (count); base_ += blocks_x * threads_x) \
		for (int i = base_; i < base_ + threads_x && i < (count); i++)
#define OWN(type, name, count) static type name[MAX_THREADS][count]
#define MINE(name) name[t]
#define SYNC() ((void)0)
#define UNROLL
#define SQRT(x) __builtin_sqrtf(x)
#define ABS64(x) __builtin_fabs(x)

#endif

// JOB makes a the parameters of job BLOCK_Z of the table p[0]: kernels whose launches are joined.
#define JOB(table) const struct args a = ((const struct args *)(table).p[0])[BLOCK_Z]

DEVICE int bits_of(float x) {
	union { float f; int i; } u;
	u.f = x;
	return u.i;
}

DEVICE float float_of(int i) {
	union { float f; int i; } u;
	u.i = i;
	return u.f;
}

// block_sum adds part[0..THREADS-1] into part[0]; THREADS is a power of two.
#define BLOCK_SUM(part) \
	for (int w_ = THREADS / 2; w_ > 0; w_ /= 2) { \
		SYNC(); \
		EACH_THREAD { \
			if (t < w_) part[t] += part[t + w_]; \
		} \
	} \
	SYNC()

#endif
