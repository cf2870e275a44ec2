// Package train runs the training of a conditional flow: the order of the
// examples, progress with rate and remaining time, a log of JSON lines,
// checkpoints, cancellation that keeps what was learnt, and exact resumption.
//
// A run is a function of the model's seed, the configuration and the data set
// alone: a run that is stopped and resumed ends with the same bits as one that
// was not.
package train
