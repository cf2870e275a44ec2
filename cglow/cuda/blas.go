package cuda

import "errors"

// blas is cuBLASLt.
type blas struct{}

func (c *Context) loadBLAS() (*blas, error) { return nil, errors.New("not looked for") }

func (b *blas) close() {}
