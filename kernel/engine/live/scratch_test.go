package live

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"glownotes/kernel/core"
)

func TestScratch(t *testing.T) {
	f := os.Getenv("SCRATCH")
	if f == "" {
		t.Skip("no SCRATCH")
	}
	e, err := New(Options{ModuleRoot: "../../.."})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Start(context.Background(), func(p core.Progress) { fmt.Println(p) }); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(f)
	for i, c := range strings.Split(string(data), "\n%%\n") {
		o := &output{}
		r, err := e.Execute(context.Background(), core.Cell{Code: c, Number: i + 1}, o)
		fmt.Printf("In[%d] %s\n", i+1, strings.ReplaceAll(c, "\n", "\n      "))
		if s := o.String(); s != "" {
			fmt.Print("  | ", strings.ReplaceAll(s, "\n", "\n  | "), "\n")
		}
		if r.Value != nil {
			fmt.Println("  =", r.Value.Text())
		}
		if ce, ok := err.(*core.CellError); ok {
			fmt.Println("  ERROR", ce, "\n     ", strings.Join(ce.Traceback, "\n      "))
		} else if err != nil {
			fmt.Println("  ENGINE", err)
		}
	}
}
