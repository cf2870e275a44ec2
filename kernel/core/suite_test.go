package core_test

import (
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
)

func TestSuite(t *testing.T) {
	kerneltest.Suite(t, func(t *testing.T, opts core.Options) *kerneltest.Client {
		return kerneltest.Serve(t, opts)
	})
}
