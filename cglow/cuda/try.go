package cuda

import (
	"errors"
	"fmt"
)

// Try lets a kernel compute and looks at what comes back.
func (c *Context) Try() error {
	x := []float32{1, 2, 3}
	err := c.Do(func(q Queue) error {
		at, err := q.Alloc(4 * len(x))
		if err != nil {
			return err
		}
		sum := Args{P: [10]Address{at, at, at}, N: [20]int32{int32(len(x)), 2}}
		err = errors.Join(q.Upload(at, x), q.Launch("k_add", Blocks(len(x)), &sum), q.Download(x, at), q.Wait())
		return errors.Join(err, q.Free(at, 4*len(x)))
	})
	if err == nil && (x[0] != 2 || x[1] != 4 || x[2] != 6) {
		err = fmt.Errorf("cuda: twice 1, 2, 3 came back as %v", x)
	}
	return err
}
