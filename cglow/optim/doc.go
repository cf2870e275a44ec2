// Package optim is Adam (Kingma & Ba, 2015) as a gorgonia.Solver with what
// training a flow needs beside the update itself: clipping by value and by
// global norm, learning-rate schedules, skipping, and a state that can be
// saved, so that a resumed run continues bit for bit.
package optim
