package nb

import (
	"errors"
	"strings"
	"testing"
)

const parameterCell = `// How large and how long.
import (
	"time"
)

size := 32
var steps, batch = 200, int64(4)
lr := 2e-4 // step size
data := "silhouettes"
live := !false
budget := 3 * time.Minute
var (
	half float32
	seed uint8 = 1
)
const levels = 3
list := []int{1}
found := lookup()
size = 16
`

func withParameters(source string) *Notebook {
	n := notebook("first()", source, "last()")
	n.Cells[1].Metadata["tags"] = []any{"parameters"}
	return n
}

func TestParameters(t *testing.T) {
	got, err := withParameters(parameterCell).Parameters()
	if err != nil {
		t.Fatal(err)
	}
	want := []Parameter{
		{"size", "int", "32", false}, {"steps", "int", "200", false}, {"batch", "int64", "int64(4)", false},
		{"lr", "float64", "2e-4", false}, {"data", "string", `"silhouettes"`, false}, {"live", "bool", "!false", false},
		{"budget", "time.Duration", "3 * time.Minute", false}, {"half", "float32", "", false}, {"seed", "uint8", "1", false},
		{"levels", "untyped int", "3", true}, {"list", "[]int", "[]int{1}", false}, {"found", "", "lookup()", false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d parameters %v, want %d", len(got), got, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestSetParameters(t *testing.T) {
	tests := []struct{ set, want string }{
		{"size=64", "size = 64"},
		{"size=0x40", "size = 64"},
		{"batch=-3", "batch = -3"},
		{"lr=1e-3", "lr = 0.001"},
		{"lr=1", "lr = 1"},
		{"data=a \"b\"=c", `data = "a \"b\"=c"`},
		{"data=", `data = ""`},
		{"live=false", "live = false"},
		{"budget=1m30s", "budget = 90000000000 // 1m30s"},
		{"half=0.1", "half = 0.1"},
		{"seed=255", "seed = 255"},
	}
	for _, tt := range tests {
		t.Run(tt.set, func(t *testing.T) {
			n := withParameters(parameterCell)
			if err := n.SetParameters([]string{tt.set}); err != nil {
				t.Fatal(err)
			}
			if want := "// Set from the command line.\n" + tt.want; n.Cells[2].Source != want || !n.Cells[2].HasTag("injected-parameters") {
				t.Errorf("got %q with tags %q, want %q", n.Cells[2].Source, n.Cells[2].Tags(), want)
			}
			if len(n.Cells) != 4 || n.Cells[3].Source != "last()" {
				t.Errorf("got %d cells", len(n.Cells))
			}
		})
	}
}

func TestSetParametersErrors(t *testing.T) {
	tests := []struct{ set, want string }{
		{"sise=64", "nb: parameter sise: unknown; the notebook has size int, steps int, batch int64, lr float64, data string"},
		{"size", "nb: parameter size: want name=value"},
		{"=1", "want name=value"},
		{"size=6.4", `"6.4" is not a whole number that fits int`},
		{"seed=256", `"256" is not a whole number that fits uint8`},
		{"lr=fast", `"fast" is not a number that fits float64`},
		{"half=1e300", `not a number that fits float32`},
		{"lr=NaN", "Go has no literal for it"},
		{"live=yes", `"yes" is not a bool: want true or false`},
		{"budget=90", `"90" is not a duration: want for example 90s or 2m30s`},
		{"levels=4", "it is a constant"},
		{"list=1", "a value of type []int cannot be given"},
		{"found=1", "its type is not known"},
	}
	for _, tt := range tests {
		t.Run(tt.set, func(t *testing.T) {
			n := withParameters(parameterCell)
			err := n.SetParameters([]string{tt.set})
			var pe *ParameterError
			if !errors.As(err, &pe) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if len(n.Cells) != 3 {
				t.Errorf("a cell was injected in spite of the error")
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		if err := withParameters(parameterCell).SetParameters([]string{"size=1", "size=2"}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("no such cell", func(t *testing.T) {
		if err := notebook("x").SetParameters([]string{"size=1"}); !errors.Is(err, ErrNoParameters) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("does not parse", func(t *testing.T) {
		err := withParameters("size := 1\nx := = 2").SetParameters([]string{"size=1"})
		if err == nil || !strings.Contains(err.Error(), "does not parse: line 2: ") {
			t.Errorf("got %v", err)
		}
	})
}

// Running an executed notebook again replaces what the first run injected.
func TestSetParametersReplaces(t *testing.T) {
	n := withParameters(parameterCell)
	for _, v := range []string{"size=1", "size=2"} {
		if err := n.SetParameters([]string{v}); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.Cells) != 4 || !strings.HasSuffix(n.Cells[2].Source, "size = 2") {
		t.Errorf("got %d cells, injected %q", len(n.Cells), n.Cells[2].Source)
	}
}
