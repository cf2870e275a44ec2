package exec

import "glownotes/cglow/op"

// squeeze returns the kernel of Squeeze or Unsqueeze, see ref.Squeeze: pairs of rows of the wide
// image against four rows of the deep one.
func squeeze(o *op.Op) *Kernel {
	d := o.Dims().(op.SqueezeDims)
	unsqueeze := o.Name() == "unsqueeze"
	var wide, deep []float32
	plane := func(i int) { // one channel of one image
		w2, deepPlane := d.W/2, d.H/2*(d.W/2)
		for r := range d.H {
			row := wide[(i*d.H+r)*d.W:][:d.W]
			at := (i*4+2*(r%2))*deepPlane + r/2*w2
			even, odd := deep[at:][:w2], deep[at+deepPlane:][:w2]
			if unsqueeze {
				for j, v := range even {
					pair := (*[2]float32)(row[2*j:])
					pair[0], pair[1] = v, odd[j]
				}
				continue
			}
			for j := range even {
				pair := (*[2]float32)(row[2*j:])
				even[j], odd[j] = pair[0], pair[1]
			}
		}
	}
	return plain(func(outs, ins [][]float32) error {
		wide, deep = ins[0], outs[0]
		if unsqueeze {
			wide, deep = outs[0], ins[0]
		}
		inParallel(d.N*d.C, d.H*d.W, plane)
		return nil
	})
}
