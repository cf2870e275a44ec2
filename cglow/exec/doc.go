// Package exec runs expression graphs: it plans once and then runs as often as wanted.
//
// [Compile] takes the part of a graph that some outputs need, fixes the order of its ops, works
// out how long each intermediate result lives, and gives all of them, and the room that kernels
// work in, places in one piece of memory per element type, where what does not live at the same
// time shares addresses. A run then calls one kernel after the other and allocates nothing.
//
// What a user of Gorgonia knows stays true: inputs are nodes bound with gorgonia.Let, a bound
// value may be overwritten in place or replaced between runs, outputs and kept nodes show their
// result through Value, and the gradient of a parameter whose gradient node is an output through
// Grad. Nodes that are neither outputs nor kept have no value. Ops of Gorgonia itself, and of
// others, run through their Do method on the planned memory; that allocates. An op that only
// reads a value (gorgonia.Read) is not run: keep the node instead.
//
// A kernel's error or panic, and on demand the first result that is not finite, become an error
// that names the node; a run never takes the process down.
//
// A VM is for one goroutine at a time. Two programs of one graph may run in turn: the values of
// the nodes that both keep are those of the last run.
//
// # Kernels
//
// float64 runs the plain loops of package ref and is the reference. float32 runs the kernels of a
// [Backend]; [CPU] has one for every op that computes, and the plain loops for those that move
// elements. What takes the time of a training step is cut for package cpu:
//
//   - A coupling network (op.CouplingNet) takes its pixels through all three convolutions a panel
//     at a time (cpu.MulPanel): weights are read where they are, only the thin sides are unfolded,
//     nothing is packed. Scale, bias, ReLU, its mask and the sums over pixels are part of the
//     products.
//   - The networks on x (op.NetBank) are one op: x is unfolded once for all of them, and they run
//     side by side. What a convolution sees that shrinks its input is stored window by window,
//     which is its unfolded matrix.
//
// Work on a batch is cut by image, or a bank by network, into a fixed number of parts, and sums
// over the batch are added in a fixed order: results do not depend on the number of cores.
//
// # Speed
//
// Whole training steps with the optimizer, L 3, K 8, n_c 64, n_w 128, coupling width 256, batch 2:
// processor time of one core (GOMAXPROCS=1) of a 2-core Intel Xeon (Granite Rapids, AVX-512; 236
// GFLOP/s a core by cpu.Peak), 2026-11-27, beside that of the authors' code in PyTorch 2.15.0 with
// one thread. The machine was busy with much other work (load 14 to 22), which is why elapsed times
// are not given here, and which slows both:
//
//	size   GFLOP   paper     live      PyTorch (paper)
//	 32      5.6   109 ms     95 ms     509 ms
//	 64     22.4   318 ms    304 ms    1006 ms
//	128     89.4  1131 ms       -      3239 ms
//
// cglow.Fast of the live form takes 35 ms at 32x32 and 105 ms at 64x64. The mean of 10 samples for
// 128 images at 32x32 (BenchmarkPredict) takes 7.8 s in the paper form, 3.9 s in the fast one.
// GFLOP counts the matrix products only (cglow.FLOPs). On your own machine, with elapsed times, the
// share of its peak and the parts of a step:
//
//	go test ./cglow/exec -run '^$' -bench 'Step|Predict' -v
//
// Calling a kernel costs 9 ns (BenchmarkOverhead, best of 8): 0.02 ms in such a step.
package exec
