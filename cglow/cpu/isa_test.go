package cpu

import (
	"errors"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []isa{generic, avx2, avx512}
	for _, c := range []struct {
		name   string
		forced string
		sets   []isa
		want   isa
		fails  bool
	}{
		{"best", "", all, avx512, false},
		{"best of two", "", all[:2], avx2, false},
		{"forced avx2", "avx2", all, avx2, false},
		{"forced generic", "generic", all, generic, false},
		{"not on this machine", "avx512", all[:2], avx2, true},
		{"unknown", "neon", all, avx512, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := choose(c.forced, c.sets)
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			var e *ISAError
			if errors.As(err, &e) != c.fails {
				t.Errorf("error %v, want an ISAError: %v", err, c.fails)
			}
			if c.fails && (e.Want != c.forced || len(e.Available) != len(c.sets)) {
				t.Errorf("error %+v does not name %q and %d sets", e, c.forced, len(c.sets))
			}
		})
	}
}
