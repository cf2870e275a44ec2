// Package data gives images and datasets to conditional flows.
//
// An [Images] is a batch in channel-first order. A [Dataset] maps an index to
// a pair (x, y): x is what is given, y is what the flow models. [Silhouettes]
// and the other procedural sets draw their pairs, so that everything runs with
// nothing downloaded; [Horses] and the other loaders read the published
// datasets from a folder of the user's (see [Dir]).
//
// Pixel values are float32 in [0,1]; masks are exactly 0 or 1; classes are one
// channel per class, exactly 0 or 1. The unit of a depth is stated
// by its loader. All datasets here are safe for concurrent use and give the same
// pixels for an index at every call (on another processor architecture the
// last bit may differ, as floating-point sums do).
package data
