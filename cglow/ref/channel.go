package ref

// Channel holds the sizes of an operation between an array [N,C,P] and one number per channel:
// [N,C], or [C] for all images when Shared.
type Channel struct {
	N, C, P int
	Shared  bool
}

func (d Channel) at(n, c int) int {
	if d.Shared {
		return c
	}
	return n*d.C + c
}

// ChannelAdd sets y[n,c,p] = v[n,c,p] + b[n,c].
func ChannelAdd[T Float](y, v, b []T, d Channel) {
	for i := range y {
		n, c := i/(d.C*d.P), i/d.P%d.C
		y[i] = v[i] + b[d.at(n, c)]
	}
}

// ChannelMul sets y[n,c,p] = v[n,c,p] * s[n,c].
func ChannelMul[T Float](y, v, s []T, d Channel) {
	for i := range y {
		n, c := i/(d.C*d.P), i/d.P%d.C
		y[i] = v[i] * s[d.at(n, c)]
	}
}

// ChannelSum sets b[n,c] = sum_p v[n,c,p]; b[c] = sum_{n,p} v[n,c,p] when shared.
func ChannelSum[T Float](b, v []T, d Channel) {
	channelReduce(b, d, func(i int) float64 { return float64(v[i]) })
}

// ChannelDot sets s[n,c] = sum_p u[n,c,p] v[n,c,p]; s[c] = sum_{n,p} ... when shared.
func ChannelDot[T Float](s, u, v []T, d Channel) {
	channelReduce(s, d, func(i int) float64 { return float64(u[i]) * float64(v[i]) })
}

func channelReduce[T Float](out []T, d Channel, term func(i int) float64) {
	batch, images := d.N, 1
	if d.Shared {
		batch, images = 1, d.N
	}
	for b := range batch {
		for c := range d.C {
			sum := 0.0
			for m := range images {
				start := ((b+m)*d.C + c) * d.P
				for p := range d.P {
					sum += term(start + p)
				}
			}
			out[b*d.C+c] = T(sum)
		}
	}
}
