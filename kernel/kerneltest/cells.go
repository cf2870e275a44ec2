package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

// Cells is what every engine does with Go cells, over the messages that a front
// end sees. open returns an engine with an empty session, which stays open.
func Cells(t *testing.T, open func(*testing.T) core.Engine) {
	t.Run("packages", func(t *testing.T) {
		// An engine that compiles packages at their first use says so in a
		// display where that takes long; the other tests shall not see it.
		c := Serve(t, core.Options{Engine: keptOpen{open(t)}})
		play(t, c, []action{{code: "fmt.Sprint(os.Args == nil, time.Second, strconv.Itoa(1), errors.New(\"x\"))", value: "false 1s1x"}})
	})
	for _, tc := range []struct {
		name string
		test func(*testing.T, *Client)
	}{
		{"names", testNames},
		{"one session", testSession},
		{"panic", testPanic},
		{"output while a cell runs", testOutputWhileRunning},
		{"statements before a failure", testFailingStatement},
		{"asking", testAsking},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.test(t, Serve(t, core.Options{Engine: keptOpen{open(t)}}))
		})
	}
}

// keptOpen is an engine that outlives its kernel.
type keptOpen struct{ core.Engine }

func (keptOpen) Close() error { return nil }

// An action is a cell of a session with what it must show.
type action struct {
	code           string
	value          string // text of the result, "" when there is none
	stdout, stderr string
	fails          string // part of the error's text
}

// play runs cells in one session.
func play(t *testing.T, c *Client, actions []action) {
	t.Helper()
	for _, a := range actions {
		x := c.Execute(a.code)
		if a.fails != "" {
			if got := Field[string](x.Reply, "evalue"); x.Outcome() != "error" || !strings.Contains(got, a.fails) {
				t.Errorf("%s\nended with %s %q, want an error with %q", a.code, x.Outcome(), got, a.fails)
			}
			continue
		}
		if x.Outcome() != "ok" {
			t.Errorf("%s\nfailed: %s", a.code, Field[string](x.Reply, "evalue"))
			continue
		}
		equal(t, "value of\n"+a.code+"\n", value(x), a.value)
		equal(t, "stdout of\n"+a.code+"\n", x.Text("stdout"), a.stdout)
		equal(t, "stderr of\n"+a.code+"\n", x.Text("stderr"), a.stderr)
	}
}

// value is the text of the result of a cell, "" when it has none.
func value(x *Exchange) string {
	for _, m := range x.Output {
		if m.Header.MsgType == "execute_result" {
			return fmt.Sprint(Field[map[string]any](m, "data")["text/plain"])
		}
	}
	return ""
}

// testNames: what a cell can use without a package is what core lists, and the
// list is complete: other names are unknown.
func testNames(t *testing.T, c *Client) {
	uses := map[string]string{
		"ctx":      "ctx.Err() == nil",
		"Display":  "Display(7)\ntrue",
		"Input":    "ask := Input\nask != nil",
		"Password": "ask := Password\nask != nil",
		"Must":     "Must(strconv.Atoi(\"12\")) == 12",
		"Must2":    "a, b := Must2(1, \"x\", nil)\na == 1 && b == \"x\"",
	}
	for _, name := range core.CellNames() {
		code := uses[name]
		if code == "" {
			t.Errorf("%s has no test", name)
			continue
		}
		play(t, c, []action{{code: code, value: "true"}})
	}
	x := c.Execute("Display(7)")
	equal(t, "types", x.Types(), []string{"execute_input", "display_data"})
	play(t, c, []action{
		{code: "Must(strconv.Atoi(\"x\"))", fails: `strconv.Atoi: parsing "x": invalid syntax`},
		{code: "Must3(1)", fails: "undefined: Must3"},
		{code: "ctx := 5\nDisplay := func(x int) int { return x + ctx }\nDisplay(1)", value: "6"},
		{code: "Display(2)", value: "7"},
	})
}

// testSession is a session like those that gophernotes' own tests run: values
// that live on, redefinitions, results of every kind. Where that kernel shows
// what Go would not (v, ok of a map or channel; an unused value in a block),
// Go's meaning is expected, and this project's text forms.
func testSession(t *testing.T, c *Client) {
	play(t, c, []action{
		{code: "n := 7\nn", value: "7"},
		{code: "n = 20\nn + 1", value: "21"},
		{code: "func twice(x int) int {\n\treturn x * 2\n}\ntwice(4)", value: "8"},
		{code: "m := twice(3)"},
		{code: "type Box struct {\n\tW, H int\n}\nBox{3, 4}", value: "{W:3 H:4}"},
		{code: "type Box struct {\n\tW, H int\n}\n&Box{5, 6}", value: "&{W:5 H:6}"},
		{code: "func n(k int) (int, int) {\n\treturn k * k, k\n}\nn(9)", value: "81 9"},
		{code: "import \"errors\"\nfunc n() (any, error) {\n\treturn nil, errors.New(\"no luck\")\n}\nn()", value: "<nil> no luck"},
		{code: "words := []string{\"w\", \"x\", \"y\", \"z\"}\nwords[:2]", value: `["w" "x"]`},
		{code: "ages := map[string]int{\n\t\"ann\": 31,\n\t\"bob\": 29,\n}\nages[\"bob\"]", value: "29"},
		{code: "if 2 > 1 {\n\tm\n}", fails: "is not used"},
		{code: "if 2 > 1 {\n\tm = 50\n}"},
		{code: "m++"},
		{code: "m", value: "51"},
		{code: "c := make(chan int)\ngo func() {\n\tc <- 77\n}()\n<-c", value: "77"},

		{code: "import \"fmt\"\nr := 5\nfmt.Println(r)", stdout: "5\n"},
		{code: "r = 6\nfmt.Print(r)", stdout: "6"},
		{code: "import \"os\"\nos.Stdout.WriteString(\"seven\")", stdout: "seven", value: "5"},
		{code: "fmt.Fprintf(os.Stdout, \"%03d\\n\", 8)", stdout: "008\n"},
		{code: "import \"fmt\"\nimport \"os\"\nr := 9\nfmt.Fprintln(os.Stderr, r)", stderr: "9\n"},
		{code: "os.Stderr.WriteString(\"ten\");", stderr: "ten"},
	})
}

// testPanic: a panic is an error in the reply and an error message, and the
// session goes on.
func testPanic(t *testing.T, c *Client) {
	c.Execute("kept := 3")
	x := c.Execute(`panic("too much")`)
	equal(t, "status", x.Outcome(), "error")
	equal(t, "ename", Field[string](x.Reply, "ename"), "Panic")
	equal(t, "evalue", Field[string](x.Reply, "evalue"), "too much")
	equal(t, "types", x.Types(), []string{"execute_input", "error"})
	equal(t, "evalue of the message", Field[string](x.Output[len(x.Output)-1], "evalue"), "too much")
	play(t, c, []action{{code: "kept", value: "3"}})
}

// testOutputWhileRunning: what a cell writes comes while it runs, as messages
// of their own, on both streams.
func testOutputWhileRunning(t *testing.T, c *Client) {
	for stream, file := range map[string]string{"stdout": "os.Stdout", "stderr": "os.Stderr"} {
		gate := filepath.Join(t.TempDir(), "gate")
		id := c.Post(wire.Shell, "execute_request", Cell(fmt.Sprintf(`for i := 0; i < 3; i++ {
	fmt.Fprintln(%s, "line", i)
	for {
		if _, err := os.Stat(fmt.Sprint(%q, i)); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
}`, file, gate)))
		for i := range 3 {
			line := fmt.Sprintf("line %d\n", i)
			c.Find("the message "+line, func(m *wire.Message) bool {
				return m.Parent.MsgID == id && m.Header.MsgType == "stream" && Field[string](m, "name") == stream && Field[string](m, "text") == line
			})
			if err := os.WriteFile(fmt.Sprint(gate, i), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		x := c.Collect(id)
		equal(t, "types", x.Types(), []string{"execute_input", "stream", "stream", "stream"})
	}
}

// testFailingStatement: statements before the one that fails have had their
// effect, those after it have not; a cell that does not compile has none.
func testFailingStatement(t *testing.T, c *Client) {
	x := c.Execute("a := 1\nfmt.Println(\"before\")\nDisplay(a)\na = 2\nvar none []int\nb := none[a]\nfmt.Println(\"after\", b)")
	equal(t, "status", x.Outcome(), "error")
	equal(t, "types", x.Types(), []string{"execute_input", "stream", "display_data", "error"})
	equal(t, "stdout", x.Text("stdout"), "before\n")
	play(t, c, []action{
		{code: "a, len(none)", value: "2 0"},
		{code: "fmt.Println(\"not this\")\na = 3\nnosuch()", fails: "undefined: nosuch"},
		{code: "a", value: "2"},
	})
}

// testAsking: Input and Password ask the person, after what was printed.
func testAsking(t *testing.T, c *Client) {
	id := c.Post(wire.Shell, "execute_request", Cell("fmt.Println(\"first\")\nname, err := Input(\"name? \")\nkey, err2 := Password(\"key? \")\nname, key, err, err2"))
	ask := func(prompt string, password bool, answer string) {
		t.Helper()
		q := c.Find("the question "+prompt, func(m *wire.Message) bool {
			return m.Header.MsgType == "input_request" && m.Parent.MsgID == id && Field[string](m, "prompt") == prompt
		})
		equal(t, "password", Field[bool](q, "password"), password)
		c.Answer(q, answer)
	}
	ask("name? ", false, "Ada")
	ask("key? ", true, "s3cret")
	x := c.Collect(id)
	equal(t, "status", x.Outcome(), "ok")
	equal(t, "value", value(x), "Ada s3cret <nil> <nil>")
	equal(t, "stdout", x.Text("stdout"), "first\n")
}
