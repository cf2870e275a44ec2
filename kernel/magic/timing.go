package magic

import (
	"fmt"
	"strings"
	"time"

	"glownotes/kernel/core"
)

func timeLine(c *call) (core.Result, error) {
	if c.args == "" {
		return core.Result{}, c.fail("write a statement behind %%time, or %%%%time above the cell's code")
	}
	return c.timed(strings.Repeat("\n", c.line-1) + c.args)
}

func timeCell(c *call) (core.Result, error) {
	return c.timed(strings.Repeat("\n", c.line) + c.body)
}

// timed runs code and prints the time from the call to the reply, which for a
// compiled cell includes compiling it.
func (c *call) timed(code string) (core.Result, error) {
	cell := c.cell
	cell.Code = code
	start := time.Now()
	res, err := c.engine.Execute(c.ctx, cell, c.out)
	c.out.Stream("stdout", fmt.Sprintf("%s, compiling included\n", roundTime(time.Since(start))))
	return res, err
}

func timeitLine(c *call) (core.Result, error) {
	if c.args == "" {
		return core.Result{}, c.fail("write a statement behind %%timeit, or %%%%timeit above the cell's code")
	}
	return c.timeit(c.args)
}

func timeitCell(c *call) (core.Result, error) { return c.timeit(strings.TrimSpace(c.body)) }

// The loop of timeit doubles its count until one round takes roundGoal, then
// repeats the round and reports the fastest, which is the one that other work
// of the machine disturbed least.
const (
	roundGoal   = 200 * time.Millisecond
	timeitRound = 5
)

// timeit compiles the statement into a loop, so that neither compiling nor
// the messages of a cell are measured.
func (c *call) timeit(stmt string) (core.Result, error) {
	code := fmt.Sprintf(`func() {
	glownotesRun := func(glownotesN int) time.Duration {
		glownotesStart := time.Now()
		for range glownotesN {
			%s
		}
		return time.Since(glownotesStart)
	}
	glownotesN := 1
	for glownotesRun(glownotesN) < %d && glownotesN < 1<<40 {
		glownotesN *= 2
	}
	glownotesBest := glownotesRun(glownotesN)
	for range %d {
		glownotesBest = min(glownotesBest, glownotesRun(glownotesN))
	}
	fmt.Printf("%%v per run, best of %d rounds of %%d\n", glownotesBest/time.Duration(glownotesN), glownotesN)
}()`, bareExpression(stmt), roundGoal.Nanoseconds(), timeitRound-1, timeitRound)
	return core.Result{}, c.goCode(code)
}

// roundTime keeps three or four digits.
func roundTime(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 10000*unit {
			return d.Round(unit)
		}
	}
}
