package magic

import (
	"errors"
	"go/ast"
	gofmt "go/format"
	"go/parser"
	"os"
	"os/exec"
	"strings"

	"glownotes/kernel/core"
)

// bareExpression makes an expression a statement by assigning its value to
// the blank identifier, unless it is a call, which is one already.
func bareExpression(src string) string {
	e, err := parser.ParseExpr(src)
	if err != nil {
		return src
	}
	if _, ok := e.(*ast.CallExpr); ok {
		return src
	}
	return "_ = " + src
}

// setNextInput is the payload that replaces the text of the cell.
func setNextInput(text string) core.Result {
	return core.Result{Payload: []map[string]any{{"source": "set_next_input", "text": text, "replace": true}}}
}

func format(c *call) (core.Result, error) {
	out, err := gofmt.Source([]byte(c.body))
	if err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	return setNextInput(string(out)), nil
}

func load(c *call) (core.Result, error) {
	if c.args == "" {
		return core.Result{}, c.fail("name a file: %%load main.go")
	}
	text, err := os.ReadFile(c.magics.resolve(c.args))
	if err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	return setNextInput(string(text)), nil
}

func writeFile(c *call) (core.Result, error) {
	name, appendTo := strings.CutPrefix(c.args, "-a ")
	name = strings.TrimSpace(name)
	if name == "" {
		return core.Result{}, c.fail("name a file: %%%%writefile main.go")
	}
	flags, verb := os.O_WRONLY|os.O_CREATE|os.O_TRUNC, "wrote"
	if appendTo {
		flags, verb = os.O_WRONLY|os.O_CREATE|os.O_APPEND, "appended to"
	}
	f, err := os.OpenFile(c.magics.resolve(name), flags, 0o666)
	if err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	_, err = f.WriteString(c.body)
	if err := errors.Join(err, f.Close()); err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	c.out.Stream("stdout", verb+" "+name+"\n")
	return core.Result{}, nil
}

func bash(c *call) (core.Result, error) {
	path, err := exec.LookPath("bash")
	if err != nil {
		return core.Result{}, c.fail("%v", err)
	}
	return core.Result{}, c.command(exec.Command(path, append([]string{"-s", "--"}, strings.Fields(c.args)...)...), c.body)
}

// goTool runs the go command with the line's arguments.
func goTool(verb string) func(*call) (core.Result, error) {
	return func(c *call) (core.Result, error) {
		path, err := exec.LookPath("go")
		if err != nil {
			return core.Result{}, c.fail("%v", err)
		}
		return core.Result{}, c.command(exec.Command(path, append([]string{verb}, strings.Fields(c.args)...)...), "")
	}
}
