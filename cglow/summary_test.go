package cglow

import (
	"strings"
	"testing"
)

// The table's parts add up to all trained values, in every variant.
func TestPartsAddUp(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 1)
			sum := 0
			for _, level := range m.parts() {
				for _, n := range level {
					sum += n
				}
			}
			if sum != m.ParameterCount() {
				t.Errorf("parts sum to %d, the model has %d", sum, m.ParameterCount())
			}
			if rows := strings.Count(m.Markdown(), "\n| "); rows != c.Levels+1 {
				t.Errorf("%d rows:\n%s", rows, m.Markdown())
			}
		})
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 35873196: "35,873,196"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
