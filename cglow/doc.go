// Package cglow is a conditional normalizing flow for images: c-Glow (Lu &
// Huang, "Structured Output Learning with Conditional Generative Flows", AAAI
// 2020), a density p(y|x) of an image y given an image x that can be evaluated
// exactly, sampled, and trained by maximum likelihood.
//
// # Use
//
// A Config says what the model is; New makes it; package train trains it.
//
//	m, err := cglow.New(cglow.Quick32(), 1)
//	result, err := train.Run(ctx, m, dataset, train.Quick(1500), nil)
//	nats, err := m.LogProb(ctx, x, y)                 // log p(y|x); Config.BitsPerDim converts
//	samples, err := m.Sample(ctx, x, cglow.Sampling(5, 1))
//	p, err := m.Predict(ctx, x, cglow.Averaging(10))  // mean of samples, spread, rounded
//	best, err := m.MAP(ctx, x, cglow.Searching(200))  // most probable y by gradient
//	err = m.Save("model.safetensors")
//
// Reconstruct takes y to its latents and back, Interpolate walks between two y
// through the latents, Telemetry looks into the layers. Everything on x is
// computed once per x, whatever the number of samples.
//
// # The flow
//
// y -> z in L levels of: squeeze, K steps of (actnorm, invertible 1x1
// convolution, affine coupling), and a split that sends half of the channels
// out under a Gaussian prior. Networks on x give every step its scale and bias,
// its 1x1 matrix and the features that its coupling sees:
//
//	log p(y|x) = log p(z_top) + sum log p(z_split) + sum log|det|    (paper, Eq. 2)
//
// # Two forms
//
// Paper is the published form with the initialisation of the authors' released
// code, faithful to the last digit: golden vectors that an independent program
// wrote agree to 1e-11 in float64. In it the networks for scale, bias and
// matrix never receive a gradient, because they start at zero behind a ReLU.
// Live, the default, starts hidden layers so that they learn, cannot make a
// singular matrix (Householder reflections of a rotation times a bounded
// diagonal: condition number at most e^2), bounds scales on both sides and
// starts actnorm from the data. On the Weizmann horses at 32x32, batch 2, Adam
// 2e-4, the mean of steps 401 to 500 is 1.41 bits/dim in the released code's
// unit; the published scheme is at 12.1 after 500 steps.
//
// # Numbers
//
// Likelihoods are in nats per example. Discrete y is dequantized by uniform
// noise or by a small flow of its own (VariationalDequant); LogProb then bounds
// the probability of the discrete y, and bits/dim account for the bin width.
// Random numbers are counter-based (Key): a run is a function of its seed, the
// same on any number of processors, and a run that is stopped and resumed ends
// with the same bits.
package cglow
