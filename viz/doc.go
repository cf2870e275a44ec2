// Package viz draws pictures from images and numbers.
//
//	Grid         images side by side: input, truth, samples, prediction, spread
//	Curve        numbers against a step: likelihood, raw and smoothed, several runs
//	Bars         named figures with their uncertainty
//	Scatter      measured points with error bars: quality against size or time
//	Histogram    how numbers are distributed
//	HeatMap      a table of numbers in colours: an ablation over two sizes, a matrix
//	Calibration  whether predicted probabilities come true
//	Change       the change of variables in one dimension, with areas
//	Plane        a density, bent grid lines and points in two dimensions
//	Inference    prediction by gradient beside prediction by sampling
//	Waterfall    how a sum of terms, such as log p(y|x), comes about
//	Dashboard    a training run: likelihood, gradients, condition numbers, scales
//	Panels       several pictures in one
//
// NewInterpolation and NewSampleLaw are a Grid and a Curve for walks through the
// latents and for the error of the mean of M samples. [Live] shows a picture that
// changes while a computation goes on.
//
// Every picture is a value: make one with its New function, add data, and it
// shows in a notebook cell by itself. PNG and SVG return it encoded; Save writes
// a .png, .svg or .pdf file. What is wrong with the data is the error of these
// methods. Data are copied when they are added, so a picture may be drawn by
// another goroutine while the caller goes on; for a live picture make a new one
// at each update, best as [AsVector]. The zero value of a picture type is not
// usable.
//
// Sizes are in CSS pixels, of which a notebook cell is 700 to 900 wide; PNG has
// two device pixels for each, so that it is sharp on fine screens. Colours
// (see [Light] and [Dark]) stay apart for all common kinds of colour blindness,
// and colour scales are even in lightness. Letters are outlines of an embedded
// font and look the same everywhere. The same data give the same bytes on one
// machine; there is no random and no global state.
package viz
