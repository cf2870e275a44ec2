// Runs of element-wise ops and ops that move elements as one kernel: each element of the result is
// computed by a short program. All threads of a warp run the same instruction, so that a program
// costs about what its reads and writes cost.
#include "device.h"
#include "math.h"

#define REGISTERS 32
#define INDEXES 16

// instr is an instruction. Package device has the same type and the same numbers of operations.
struct instr {
	short op, d, a, b; // r[d] = op(r[a], r[b]); for the first eight, on places: i[d] = op(i[a])
	float f;
	int n[5];
};

enum {
	I_DIV, I_MOD, I_CHANNELS, I_SCATTER, I_CHANNEL, I_SQUEEZE, I_UNSQUEEZE, I_CONCAT, I_TRANSPOSE,
	LOAD, CONST, SELECT,
	NEG, EXP, LOG, TANH, SIGMOID, LOGSIGMOID, RELU, SQUARE, SCALE, OFFSET,
	ADD, SUB, MUL, DIV, TANH_DX, SIGMOID_DX, LOGSIGMOID_DX, RELU_DX, SQUARE_DX,
};

// map_job is a job of k_map or k_map_sum. Package device has the same type.
struct map_job {
	float *out;
	const float *const *leaf;
	const struct instr *code;
	int n, len, result; // elements (k_map_sum: terms of a sum), instructions, register of the value
	int p, c;           // k_map_sum: see there
	int results;
};

// moved is the place in the input of an op that moves elements, of place i of its result; -1 where
// the input has none.
DEVICE int moved(const struct instr *c, int i) {
	const int *n = c->n;
	int q, k, w, h;
	if (i < 0) return -1;
	switch (c->op) {
	case I_DIV: return i / n[0];
	case I_MOD: return i % n[0];
	case I_CHANNELS: // C, P, from, step, count: as k_channels
		q = i % n[1];
		k = i / n[1] % n[4];
		return (i / (n[1] * n[4]) * n[0] + n[2] + k * n[3]) * n[1] + q;
	case I_SCATTER: // as k_scatter
		q = i % n[1];
		k = i / n[1] % n[0] - n[2];
		if (k < 0 || k % n[3] || k / n[3] >= n[4]) return -1;
		return (i / (n[1] * n[0]) * n[4] + k / n[3]) * n[1] + q;
	case I_CHANNEL: // C, P, shared
		return n[2] ? i / n[1] % n[0] : i / n[1];
	case I_SQUEEZE: // H, W of the wide side
		w = n[1] / 2;
		h = n[0] / 2;
		k = i / (w * h) % 4;
		return (i / (w * h * 4) * n[0] + 2 * (i / w % h) + k / 2) * n[1] + 2 * (i % w) + k % 2;
	case I_UNSQUEEZE:
		w = i % n[1];
		h = i / n[1] % n[0];
		return ((i / (n[1] * n[0]) * 4 + 2 * (h % 2) + w % 2) * (n[0] / 2) + h / 2) * (n[1] / 2) + w / 2;
	case I_CONCAT: // size of this part, of all parts, offset of this
		q = i % n[1] - n[2];
		return q >= 0 && q < n[0] ? i / n[1] * n[0] + q : -1;
	case I_TRANSPOSE: // R, C
		return (i / (n[0] * n[1]) * n[0] + i % n[0]) * n[1] + i / n[0] % n[1];
	}
	return i;
}

DEVICE float applied(const struct instr *c, float x, float y) {
	switch (c->op) {
	case NEG: return -x;
	case EXP: return exp32(x);
	case LOG: return log32(x);
	case TANH: return tanh32(x);
	case SIGMOID: return sigmoid32(x);
	case LOGSIGMOID: return logsigmoid32(x);
	case RELU: return x > 0.f || x != x ? x : 0.f;
	case SQUARE: return x * x;
	case SCALE: return c->f * x;
	case OFFSET: return x + c->f;
	case ADD: return x + y;
	case SUB: return x - y;
	case MUL: return x * y;
	case DIV: return x / y;
	// Gradients: x is the input or the result, y the gradient of the result.
	case TANH_DX: return y * (1.f - x * x);
	case SIGMOID_DX: return y * x * (1.f - x);
	case LOGSIGMOID_DX: return y * sigmoid32(-x);
	case RELU_DX: return x > 0.f ? y : 0.f;
	case SQUARE_DX: return 2.f * x * y;
	}
	return c->f;
}

DEVICE float evaluate(const struct map_job *job, int place) {
	float r[REGISTERS];
	int i[INDEXES];
	i[0] = place;
	for (int k = 0; k < job->len; k++) {
		const struct instr *c = job->code + k;
		if (c->op < LOAD) i[c->d] = moved(c, i[c->a]);
		else if (c->op == LOAD) r[c->d] = i[c->a] < 0 ? 0.f : job->leaf[c->n[0]][i[c->a]];
		else if (c->op == CONST) r[c->d] = c->f;
		else if (c->op == SELECT) r[c->d] = i[c->n[0]] >= 0 ? r[c->b] : r[c->a];
		else r[c->d] = applied(c, r[c->a], r[c->b]);
	}
	return r[job->result];
}

// k_map: job BLOCK_Z of the table p[0]: out[i] = value(i).
KERNEL(k_map) {
	const struct map_job *job = (const struct map_job *)a.p[0] + BLOCK_Z;
	EACH_ELEMENT(i, job->n) { job->out[i] = evaluate(job, i); }
}

// k_map_sum: out[b] = sum over i of value(((b / C + i / P) C + b % C) P + i % P), i = 0..n-1: sums
// over the pixels of a channel, of one image or of all, and with C 1 over an example. Block
// BLOCK_X is a result of job BLOCK_Z.
KERNEL(k_map_sum) {
	SHARED(double, part, MAX_THREADS);
	const struct map_job *job = (const struct map_job *)a.p[0] + BLOCK_Z;
	int b = BLOCK_X, p = job->p, c = job->c;
	if (b >= job->results) return;
	EACH_THREAD {
		double s = 0;
		for (int i = t; i < job->n; i += THREADS) s += (double)evaluate(job, ((b / c + i / p) * c + b % c) * p + i % p);
		part[t] = s;
	}
	BLOCK_SUM(part);
	EACH_THREAD {
		if (t == 0) job->out[b] = (float)part[0];
	}
}
