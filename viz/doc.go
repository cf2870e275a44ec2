// Package viz draws pictures from images and numbers: sample grids, curves,
// bars, histograms, heat maps, densities and warped grids.
//
// Every picture is a value: make one with its New function, add data, and it
// shows in a notebook cell by itself. PNG, SVG and PDF return it encoded and
// Save writes a file. Data are copied when they are added, so a picture may be
// drawn by another goroutine while the caller goes on; for a live picture make a
// new one at each update. The zero value of a picture type is not usable.
//
// Sizes are in CSS pixels, of which a notebook cell is 700 to 900 wide; PNG has
// two device pixels for each, so that it is sharp on fine screens. Colours
// (see [Light] and [Dark]) stay apart for all common kinds of colour blindness,
// and colour scales are even in lightness. The same data give the same bytes
// on one machine; there is no random and no global state.
package viz
