package ref

// MatMul sets y = op(a) op(b) [+ bias in every row]: op(a) is m by k, op(b) is k by n, y is
// m by n. With transA, a is stored k by m; with transB, b is stored n by k. bias [n] may be nil.
func MatMul[T Float](y, a, b, bias []T, transA, transB bool, m, n, k int) {
	for i := range m {
		for j := range n {
			sum := 0.0
			if bias != nil {
				sum = float64(bias[j])
			}
			for p := range k {
				ia, ib := i*k+p, p*n+j
				if transA {
					ia = p*m + i
				}
				if transB {
					ib = j*k + p
				}
				sum += float64(a[ia]) * float64(b[ib])
			}
			y[i*n+j] = T(sum)
		}
	}
}

// MatApply multiplies the channels of every pixel by a matrix: v [N,C,P] -> u [N,C,P],
//
//	u[n,i,p] = sum_j W[n,i,j] v[n,j,p],
//
// W [N,C,C], or one W [C,C] for all images when shared. With trans, W is used transposed.
func MatApply[T Float](u, w, v []T, n, c, p int, shared, trans bool) {
	for k := range n {
		wk := w
		if !shared {
			wk = w[k*c*c:]
		}
		vk, uk := v[k*c*p:], u[k*c*p:]
		for i := range c {
			for q := range p {
				sum := 0.0
				for j := range c {
					at := i*c + j
					if trans {
						at = j*c + i
					}
					sum += float64(wk[at]) * float64(vk[j*p+q])
				}
				uk[i*p+q] = T(sum)
			}
		}
	}
}

// Outer is the sum of the outer products of the two parts of each row of f [n,out+in]:
// d[i,j] = sum_k f[k,i] f[k,out+j].
func Outer[T Float](d, f []T, n, out, in int) {
	for i := range out {
		for j := range in {
			sum := 0.0
			for k := range n {
				row := f[k*(out+in):]
				sum += float64(row[i]) * float64(row[out+j])
			}
			d[i*in+j] = T(sum)
		}
	}
}

// MatOuter is the gradient of [MatApply] with respect to W: dW[n,i,j] = sum_p g[n,i,p] v[n,j,p],
// also summed over n when shared.
func MatOuter[T Float](dw, g, v []T, n, c, p int, shared bool) {
	batch, images := n, 1
	if shared {
		batch, images = 1, n
	}
	for b := range batch {
		for i := range c {
			for j := range c {
				sum := 0.0
				for m := range images {
					k := b + m
					gi, vj := g[(k*c+i)*p:][:p], v[(k*c+j)*p:][:p]
					for q := range p {
						sum += float64(gi[q]) * float64(vj[q])
					}
				}
				dw[(b*c+i)*c+j] = T(sum)
			}
		}
	}
}
