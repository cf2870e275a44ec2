// Package baseline holds the networks that a conditional flow is compared
// with: they print one y for each x, trained by regression on the same data,
// ops, executor and optimizer as the flow, so that a table's rows differ in
// the method only.
//
//   - FCN: a strided convolutional encoder whose scores are enlarged step by
//     step, with sums of the scores of finer layers on the way (Long, Shelhamer,
//     Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015).
//   - UNet: encoder and decoder of equal depth joined by concatenation
//     (Ronneberger, Fischer, Brox, "U-Net", 2015).
//   - DnCNN: a chain of 3x3 convolutions at full resolution (Zhang et al.,
//     "Beyond a Gaussian Denoiser", 2017).
//   - Context: encoder, one fully connected layer, decoder; for a y of another
//     size than x, such as an image's hidden block (Pathak et al., "Context
//     Encoders", 2016, with the squared error alone).
//
// None of them uses batch normalisation, which the originals of UNet and DnCNN
// have or may have: at batch 2 its statistics are noise. Enlarging is done by
// pixel shuffle (the inverse of squeeze), not by transposed convolution.
package baseline
