// Package condnet holds the networks that give a conditional flow its
// parameters (Lu & Huang, AAAI 2020, Fig. 5): from the image x to a vector
// (actnorm, 1x1 convolution), from x to a feature map, and from features and
// one half of the activations to the coupling's shift and scale.
//
// A network declares its parameters (Params) and builds its graph (Apply) from
// a Lookup that hands out the nodes of named parameters; it holds no state.
// Shape errors panic with *op.ShapeError, which package cglow recovers.
package condnet
