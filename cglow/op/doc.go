// Package op holds the symbolic operations of a conditional flow, as Gorgonia ops.
//
// Every function takes and returns nodes of one expression graph, infers the shape of its
// result and knows its symbolic gradient. Nodes are float32 or float64; images are
// N, C, H, W. The nodes mix freely with those of Gorgonia's own functions.
//
// A wrong shape, a wrong element type or a node of another graph is a programming error and
// panics with a [*ShapeError]: code that builds graphs from a user's configuration recovers it
// in one place, see [Catch].
//
// An op computes in two ways. [Op.Do] is Gorgonia's own protocol, so that gorgonia.TapeMachine
// can run every graph: it uses the plain loops of glownotes/cglow/ref and allocates its result.
// [Op.Bind32] and [Op.Bind64] give the same loops on slices to an executor that plans buffers
// itself; it may replace them by faster ones, chosen by [Op.Name] and [Op.Dims].
//
// Every op has an id of its own in its hash: Gorgonia merges nodes by a 32-bit hash, and two
// calls of one function must stay two nodes.
package op
