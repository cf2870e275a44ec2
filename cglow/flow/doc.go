// Package flow holds the layers of the flow as plain bijections, given their
// parameters: actnorm, the invertible 1x1 convolution, the affine coupling,
// squeeze, and the densities that end the flow (Lu & Huang, AAAI 2020, section
// 3; Kingma & Dhariwal, "Glow", NeurIPS 2018).
//
// Where the parameters come from (a network on x, a learnt vector, a cached
// value) is not this package's business. Activations are [N,C,H,W],
// log-determinants [N] in nats. Shape errors panic with *op.ShapeError, which
// package cglow recovers.
package flow
