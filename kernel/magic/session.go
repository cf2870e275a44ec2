package magic

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

func who(c *call) (core.Result, error) {
	l, ok := c.engine.(core.VariableLister)
	if !ok {
		return core.Result{}, c.fail("this engine cannot list its variables")
	}
	type row struct{ Name, Kind, Type, Value string }
	var rows []row
	for _, v := range l.Variables() {
		rows = append(rows, row{v.Name, v.Kind, v.Type, v.Value})
	}
	if len(rows) == 0 {
		c.out.Stream("stdout", "the session is empty\n")
		return core.Result{}, nil
	}
	b := display.Of(rows)
	return core.Result{Value: &b}, nil
}

func reset(c *call) (core.Result, error) {
	r, ok := c.engine.(core.Resetter)
	if !ok {
		return core.Result{}, c.fail("this engine cannot forget its session: restart the kernel")
	}
	return core.Result{}, r.Reset(c.ctx)
}

func get(c *call) (core.Result, error) {
	g, ok := c.engine.(core.ModuleGetter)
	switch {
	case !ok:
		return core.Result{}, c.fail("this engine cannot get modules")
	case c.args == "" || !strings.Contains(c.args, "@"):
		return core.Result{}, c.fail("name a module and its version: %%get golang.org/x/text@v0.31.0")
	}
	start := time.Now()
	err := g.GetModule(c.ctx, c.args, func(p core.Progress) { c.out.Stream("stderr", p.Stage+"\n") })
	if err != nil {
		return core.Result{}, err
	}
	c.out.Stream("stdout", fmt.Sprintf("%s is ready (%v)\n", c.args, time.Since(start).Round(time.Millisecond)))
	return core.Result{}, nil
}

func goroutines(c *call) (core.Result, error) {
	g, ok := c.engine.(core.GoroutineDumper)
	if !ok {
		return core.Result{}, c.fail("this engine cannot show its goroutines")
	}
	text, err := g.Goroutines(c.ctx)
	if err != nil {
		return core.Result{}, err
	}
	c.out.Stream("stdout", strings.TrimRight(text, "\n")+"\n")
	return core.Result{}, nil
}

func stack(c *call) (core.Result, error) {
	s, ok := c.engine.(core.StackDumper)
	if !ok {
		return core.Result{}, c.fail("this engine cannot show stacks")
	}
	text, err := s.Stack(c.ctx)
	if err != nil {
		return core.Result{}, err
	}
	c.out.Stream("stdout", strings.TrimRight(text, "\n")+"\n")
	return core.Result{}, nil
}

func replay(c *call) (core.Result, error) {
	r, ok := c.engine.(core.Replayer)
	if !ok {
		return core.Result{}, c.fail("this engine cannot replay: run the cells again")
	}
	return core.Result{}, r.Replay(c.ctx, c.out)
}

// goCode runs generated Go in the session without counting as output of the
// person's code.
func (c *call) goCode(code string) error {
	_, err := c.engine.Execute(c.ctx, core.Cell{Code: code, Number: c.cell.Number, Silent: true}, c.out)
	return err
}

// cd changes the directory of the session and of shell lines; this process
// stays where it is.
func cd(c *call) (core.Result, error) {
	dir := c.args
	if dir == "" || dir == "~" || strings.HasPrefix(dir, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return core.Result{}, c.fail("%v", err)
		}
		dir = filepath.Join(home, strings.TrimPrefix(dir, "~"))
	}
	dir, err := filepath.Abs(c.magics.resolve(dir))
	if err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	if info, err := os.Stat(dir); err != nil {
		return core.Result{}, c.fail("%v", err)
	} else if !info.IsDir() {
		return core.Result{}, c.fail("%s is not a folder", dir)
	}
	if err := c.goCode(fmt.Sprintf("if err := os.Chdir(%q); err != nil { panic(err) }", dir)); err != nil {
		return core.Result{}, err
	}
	c.magics.mu.Lock()
	c.magics.dir = dir
	c.magics.mu.Unlock()
	c.out.Stream("stdout", dir+"\n")
	return core.Result{}, nil
}

func env(c *call) (core.Result, error) {
	name, value, set := strings.Cut(c.args, "=")
	name = strings.TrimSpace(name)
	switch {
	case c.args == "":
		all := os.Environ()
		slices.Sort(all)
		c.out.Stream("stdout", strings.Join(all, "\n")+"\n")
		return core.Result{}, nil
	case !set:
		v, ok := os.LookupEnv(name)
		if !ok {
			return core.Result{}, c.fail("%s is not set", name)
		}
		c.out.Stream("stdout", v+"\n")
		return core.Result{}, nil
	}
	value = strings.TrimSpace(value)
	if err := os.Setenv(name, value); err != nil {
		return core.Result{}, c.fail("%s: %v", name, err)
	}
	return core.Result{}, c.goCode(fmt.Sprintf("if err := os.Setenv(%q, %q); err != nil { panic(err) }", name, value))
}
