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
//     which is its unfolded matrix. Gradients of their fully connected layers, most of a model's
//     values, stay products of a few vectors (op.Outer) where who reads them can use the factors,
//     as package optim does.
//   - An affine coupling with its log-determinant (op.Affine) is one op: a row of pixels stays in
//     the first-level cache.
//
// Work on a batch is cut by image, or a bank by network, into a fixed number of parts, and sums
// over the batch are added in a fixed order: results do not depend on the number of cores.
//
// # Devices
//
// On a [Device] the plan is changed twice before memory is laid out. An op whose readers can compute
// it along with themselves has no result of its own (fuse.go); and steps are ordered so that those
// of a kind that do not depend on each other are launched together, the longest way to the end
// first (schedule.go). The whole program is recorded once and issued as often as it runs; weights
// ([Mirror]) and what else is [Resident] stay there.
//
// # Speed
//
// Whole training steps with the optimizer, L 3, K 8, n_c 64, n_w 128, coupling width 256, batch 2,
// on 2 cores of an Intel Xeon (Granite Rapids, AVX-512; 465 GFLOP/s on both by cpu.Peak), medians,
// beside the authors' code in PyTorch 2.15.0 with two threads, alternately, two rounds, 2026-11-28:
//
//	size   GFLOP     paper        live       fast     PyTorch (paper)   share of peak (paper)
//	 32      5.6    49, 54 ms   47, 52 ms  20, 23 ms    292, 370 ms          24, 25 %
//	 64     22.4  134, 143 ms 132, 132 ms  52, 54 ms    757, 789 ms          36, 35 %
//	128     89.4  487, 497 ms        -          -      1482, 1362 ms         39, 38 %
//
// GFLOP counts the matrix products only (cglow.FLOPs); fast is cglow.Fast of the live form, which
// does less. What bounds a step, in ms of it:
//
//	                                       32     64    128
//	coupling networks                      23     76    267    42-58 % of the peak
//	networks on x                          13     40    140    their products, and weights read twice
//	Adam                                    9     17     47    24 bytes a weight, 28 without factors: the memory's
//	finite check of all gradients           1      2      2    the same
//	1x1, actnorm, affine, log-dets          4      7     17
//
// The multiply-add loop of a tile runs at 85-90 % of the peak alone, 75-80 % with weights that have
// to come from the second-level cache, and 57-77 % inside a coupling network, at 12
// channels as at 48, and however many panels add to the gradients at a time. The mean of 10 samples for 128
// images at 32x32 (BenchmarkPredict) takes 4.1 s in the paper form, half of the peak, and 2.2 s in
// the fast one. On your own machine, with the parts of a step (or notebooks/speed.ipynb):
//
//	go test ./cglow/exec -run '^$' -bench 'Step|Predict' -v
//
// Calling a kernel costs 4 ns (BenchmarkOverhead): 0.01 ms in such a step.
package exec
