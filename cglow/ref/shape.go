package ref

// Squeeze moves each 2x2 block of pixels into channels: x [N,C,H,W] -> y [N,4C,H/2,W/2] with
//
//	y[n, 4c + 2*(row parity) + (column parity), i, j] = x[n, c, 2i + row parity, 2j + column parity].
//
// n, c, h, w are the sizes of x; h and w are even.
func Squeeze[T Float](y, x []T, n, c, h, w int) {
	squeezeEach(n, c, h, w, func(wide, deep int) { y[deep] = x[wide] })
}

// Unsqueeze is the inverse of [Squeeze]: x [N,4C,H/2,W/2] -> y [N,C,H,W]. n, c, h, w are the
// sizes of y.
func Unsqueeze[T Float](y, x []T, n, c, h, w int) {
	squeezeEach(n, c, h, w, func(wide, deep int) { y[wide] = x[deep] })
}

// squeezeEach calls f with the index of each element in the wide layout [N,C,H,W] and its
// index in the deep layout [N,4C,H/2,W/2].
func squeezeEach(n, c, h, w int, f func(wide, deep int)) {
	h2, w2 := h/2, w/2
	for nc := range n * c {
		for i := range h {
			for j := range w {
				deep := ((nc*4+2*(i%2)+j%2)*h2+i/2)*w2 + j/2
				f((nc*h+i)*w+j, deep)
			}
		}
	}
}

// Slice describes channels from, from+step, ... (count of them) of an array [N,C,P].
type Slice struct{ N, C, P, From, Step, Count int }

// Channels gathers channels: x [N,C,P] -> y [N,Count,P], y[n,k,p] = x[n, From + k*Step, p].
func Channels[T Float](y, x []T, s Slice) {
	for n := range s.N {
		for k := range s.Count {
			src := (n*s.C + s.From + k*s.Step) * s.P
			dst := (n*s.Count + k) * s.P
			copy(y[dst:dst+s.P], x[src:src+s.P])
		}
	}
}

// Scatter is the transpose of [Channels]: x [N,Count,P] -> y [N,C,P], zero in all other channels.
func Scatter[T Float](y, x []T, s Slice) {
	clear(y[:s.N*s.C*s.P])
	for n := range s.N {
		for k := range s.Count {
			dst := (n*s.C + s.From + k*s.Step) * s.P
			src := (n*s.Count + k) * s.P
			copy(y[dst:dst+s.P], x[src:src+s.P])
		}
	}
}

// Concat joins arrays along axis 1: xs[i] [N,sizes[i]] -> y [N, sum of sizes]. For images a
// size is C*H*W.
func Concat[T Float](y []T, n int, sizes []int, xs ...[]T) {
	at := 0
	for i := range n {
		for k, x := range xs {
			at += copy(y[at:], x[i*sizes[k]:(i+1)*sizes[k]])
		}
	}
}

// Repeat writes n copies of x one after the other.
func Repeat[T Float](y, x []T, n int) {
	for i := range n {
		copy(y[i*len(x):(i+1)*len(x)], x)
	}
}

// SumBatch is the transpose of [Repeat]: y[i] = sum_n x[n*len(y) + i].
func SumBatch[T Float](y, x []T, n int) {
	for i := range y {
		sum := 0.0
		for k := range n {
			sum += float64(x[k*len(y)+i])
		}
		y[i] = T(sum)
	}
}

// Transpose swaps the last two axes: x [N,R,C] -> y [N,C,R].
func Transpose[T Float](y, x []T, n, r, c int) {
	for k := range n {
		for i := range r {
			for j := range c {
				y[(k*c+j)*r+i] = x[(k*r+i)*c+j]
			}
		}
	}
}
