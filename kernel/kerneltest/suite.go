package kerneltest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

// A Starter starts a kernel with an Engine of this package on some transport
// and returns a client that is connected to it.
type Starter func(t *testing.T, opts core.Options) *Client

// Suite is the behaviour of a kernel by the messaging specification, as
// scripted sessions, in parallel. It runs on every transport.
func Suite(t *testing.T, start Starter) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, Starter)
	}{
		{"start", testStart},
		{"execute", testExecute},
		{"silent", testSilent},
		{"user expressions", testUserExpressions},
		{"error", testError},
		{"engine fails", testEngineFails},
		{"abort", testAbort},
		{"interrupt", testInterrupt},
		{"while busy", testWhileBusy},
		{"display", testDisplay},
		{"batches", testBatches},
		{"split characters", testSplitCharacters},
		{"truncation", testTruncation},
		{"late output", testLateOutput},
		{"payload", testPayload},
		{"input", testInput},
		{"comm", testComm},
		{"history", testHistory},
		{"queries", testQueries},
		{"subshells", testSubshells},
		{"no subshells", testNoSubshells},
		{"bad requests", testBadRequests},
		{"engine starts slowly", testSlowStart},
		{"shutdown", testShutdown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.test(t, start)
		})
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %#v, want %#v", what, got, want)
	}
}

// bracketed checks that an exchange is between busy and one idle. A cell says
// busy again when something else was served meanwhile.
func bracketed(t *testing.T, x *Exchange) {
	t.Helper()
	status := x.Status
	if x.Reply != nil && x.Reply.Header.MsgType == "execute_reply" {
		status = slices.Compact(slices.Clone(status))
	}
	equal(t, "status of "+x.ID, status, []string{"busy", "idle"})
}

func count(x *Exchange) float64 { return Field[float64](x.Reply, "execution_count") }

func testStart(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}, Version: "1.2", HelpLinks: []core.HelpLink{{Text: "a", URL: "b"}}})
	welcome := c.Find("iopub_welcome", func(m *wire.Message) bool { return m.Header.MsgType == "iopub_welcome" })
	equal(t, "subscription", Field[string](welcome, "subscription"), "")
	for _, ch := range []wire.Channel{wire.Shell, wire.Control} {
		x := c.Request(ch, "kernel_info_request", nil)
		bracketed(t, x)
		equal(t, "channel of the reply", x.Reply.Channel, ch)
		equal(t, "language", Field[string](x.Reply, "language_info/name"), "script")
		equal(t, "version", Field[string](x.Reply, "implementation_version"), "1.2")
		if x.Reply.Header.Session == c.Session.ID() || x.Reply.Header.Session == "" {
			t.Errorf("the kernel's session is %q, want its own", x.Reply.Header.Session)
		}
	}
}

func testExecute(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	x := c.Execute("print one\neprint two\nprint three\nvalue 42")
	bracketed(t, x)
	equal(t, "types", x.Types(), []string{"execute_input", "stream", "stream", "stream", "execute_result"})
	equal(t, "code", Field[string](x.Output[0], "code"), "print one\neprint two\nprint three\nvalue 42")
	equal(t, "stdout", x.Text("stdout"), "one\nthree\n")
	equal(t, "stderr", x.Text("stderr"), "two\n")
	equal(t, "result", Field[map[string]any](x.Output[4], "data")["text/plain"], any("42"))
	equal(t, "count", count(x), 1)
	equal(t, "count of the result", Field[float64](x.Output[4], "execution_count"), 1)
	if _, ok := x.Reply.Metadata["started"].(string); !ok {
		t.Errorf("metadata of the reply: %v, want started", x.Reply.Metadata)
	}
	equal(t, "next count", count(c.Execute("print x")), 2)
	blank := c.Execute(" \n")
	bracketed(t, blank)
	equal(t, "count after a blank cell", count(blank), 2)
}

func testSilent(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	c.Execute("print a")
	cell := Cell("print hush\nshow text/plain x\nvalue 1\nset v 7")
	cell["silent"] = true
	x := c.Request(wire.Shell, "execute_request", cell)
	bracketed(t, x)
	equal(t, "types", x.Types(), []string{})
	equal(t, "count", count(x), 1)
	cell = Cell("fail A b")
	cell["silent"] = true
	x = c.Request(wire.Shell, "execute_request", cell)
	equal(t, "types", x.Types(), []string{})
	equal(t, "outcome", x.Outcome(), "error")
	cell = Cell("print loud")
	cell["store_history"] = false
	x = c.Request(wire.Shell, "execute_request", cell)
	equal(t, "types", x.Types(), []string{"execute_input", "stream"})
	equal(t, "count", count(x), 1)
	equal(t, "count", count(c.Execute("v")), 2)
	equal(t, "silent cells", []bool{e.Cells()[0].Silent, e.Cells()[1].Silent}, []bool{false, true})
}

func testUserExpressions(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	cell := Cell("set a 5")
	cell["user_expressions"] = map[string]string{"x": "a", "y": "nosuch", "z": "print no value"}
	x := c.Request(wire.Shell, "execute_request", cell)
	equal(t, "types", x.Types(), []string{"execute_input"})
	equal(t, "x", Field[map[string]any](x.Reply, "user_expressions/x/data")["text/plain"], any("5"))
	equal(t, "y", Field[string](x.Reply, "user_expressions/y/ename"), "Undefined")
	equal(t, "z", Field[string](x.Reply, "user_expressions/z/ename"), "NoValue")
}

func testError(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	x := c.Execute("print before\nfail TypeError that is wrong")
	bracketed(t, x)
	equal(t, "types", x.Types(), []string{"execute_input", "stream", "error"})
	for _, m := range []*wire.Message{x.Output[2], x.Reply} {
		equal(t, "ename", Field[string](m, "ename"), "TypeError")
		equal(t, "evalue", Field[string](m, "evalue"), "that is wrong")
		equal(t, "traceback", Field[[]any](m, "traceback"), []any{"cell[1]:2:1: TypeError: that is wrong"})
	}
	equal(t, "outcome", x.Outcome(), "error")
	equal(t, "count", count(x), 1)
	equal(t, "outcome afterwards", c.Execute("print x").Outcome(), "ok")
}

func testEngineFails(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	for _, code := range []string{"broken pipe", "panic boom"} {
		x := c.Execute("print a\n" + code)
		bracketed(t, x)
		equal(t, "types", x.Types(), []string{"execute_input", "stream", "error"})
		equal(t, "ename", Field[string](x.Reply, "ename"), "KernelError")
		if v := Field[string](x.Reply, "evalue"); !strings.Contains(v, strings.Fields(code)[1]) {
			t.Errorf("evalue %q does not say %q", v, code)
		}
	}
}

func testAbort(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	post := func(code string, stop bool) string {
		cell := Cell(code)
		cell["stop_on_error"] = stop
		return c.Post(wire.Shell, "execute_request", cell)
	}
	outcomes := func(ids []string) (s []string) {
		for _, id := range ids {
			x := c.Collect(id)
			bracketed(t, x)
			s = append(s, x.Outcome())
		}
		return s
	}
	ids := []string{post("await go\nfail A b", true), post("print never", true), post("print never", false)}
	c.Request(wire.Shell, "kernel_info_request", nil) // all have arrived
	e.Open("go")
	equal(t, "outcomes", outcomes(ids), []string{"error", "aborted", "aborted"})
	equal(t, "aborted cell", c.Collect(ids[1]).Types(), []string{})
	equal(t, "cells that ran", len(e.Cells()), 1)
	equal(t, "count after aborted cells", count(c.Execute("print x")), 2)

	// A cell that is sent as soon as the failure is known runs.
	for range 5 {
		equal(t, "failing", c.Execute("fail A b").Outcome(), "error")
		equal(t, "sent after", c.Execute("print x").Outcome(), "ok")
	}

	ids = []string{post("await on\nfail A b", false), post("print yes", true)}
	c.Request(wire.Shell, "kernel_info_request", nil)
	e.Open("on")
	equal(t, "outcomes without stop_on_error", outcomes(ids), []string{"error", "ok"})
}

func testInterrupt(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	c.Execute("set kept 41")
	running := c.Post(wire.Shell, "execute_request", Cell("print on\nwait"))
	queued := c.Post(wire.Shell, "execute_request", Cell("print never"))
	c.Find("output of the running cell", func(m *wire.Message) bool { return Field[string](m, "text") == "on\n" })
	c.Request(wire.Shell, "kernel_info_request", nil) // the other cell has arrived
	x := c.Request(wire.Control, "interrupt_request", nil)
	equal(t, "outcome", x.Outcome(), "ok")
	equal(t, "channel", x.Reply.Channel, wire.Control)
	x = c.Collect(running)
	equal(t, "ename", Field[string](x.Reply, "ename"), "Interrupted")
	equal(t, "queued", c.Collect(queued).Outcome(), "aborted")
	equal(t, "state", Field[map[string]any](c.Execute("kept").Output[1], "data")["text/plain"], any("41"))
	equal(t, "with nothing running", c.Request(wire.Control, "interrupt_request", nil).Outcome(), "ok")
	equal(t, "afterwards", c.Execute("print x").Outcome(), "ok")
}

// testWhileBusy: while a cell runs, control and queries are answered, and the
// front end is told again that the kernel is busy.
func testWhileBusy(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	c.Execute("set alpha 1")
	running := c.Post(wire.Shell, "execute_request", Cell("await go"))
	c.Find("execute_input", func(m *wire.Message) bool {
		return m.Parent.MsgID == running && m.Header.MsgType == "execute_input"
	})
	complete := map[string]any{"code": "al", "cursor_pos": 2}
	for _, r := range []struct {
		ch      wire.Channel
		msgType string
		content any
	}{
		{wire.Control, "kernel_info_request", nil},
		{wire.Shell, "kernel_info_request", nil},
		{wire.Shell, "complete_request", complete},
		{wire.Shell, "inspect_request", map[string]any{"code": "alpha", "cursor_pos": 1, "detail_level": 0}},
		{wire.Shell, "is_complete_request", map[string]any{"code": "x"}},
		{wire.Shell, "history_request", map[string]any{"hist_access_type": "tail", "n": 1, "output": false, "raw": true}},
		{wire.Shell, "comm_info_request", map[string]any{}},
	} {
		x := c.Request(r.ch, r.msgType, r.content)
		bracketed(t, x)
		equal(t, r.msgType, x.Outcome(), map[bool]string{true: "complete", false: "ok"}[r.msgType == "is_complete_request"])
		idle := slices.IndexFunc(c.Log(), func(m *wire.Message) bool {
			return m.Parent.MsgID == x.ID && Field[string](m, "execution_state") == "idle"
		})
		c.until("busy after the idle of "+r.msgType, func(log []*wire.Message) bool {
			return slices.ContainsFunc(log[idle:], func(m *wire.Message) bool {
				return m.Parent.MsgID == running && Field[string](m, "execution_state") == "busy"
			})
		})
	}
	e.Open("go")
	x := c.Collect(running)
	equal(t, "last status", x.Status[len(x.Status)-1], "idle")
	equal(t, "outcome", x.Outcome(), "ok")
	bracketed(t, c.Request(wire.Shell, "kernel_info_request", nil))
	log := slices.DeleteFunc(c.Log(), func(m *wire.Message) bool { return m.Channel != wire.IOPub })
	equal(t, "last message of all", Field[string](log[len(log)-1], "execution_state"), "idle")
}

func testPayload(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	x := c.Execute("page help\nnext print 2")
	payload := Field[[]any](x.Reply, "payload")
	if len(payload) != 2 {
		t.Fatalf("payload %v, want two", payload)
	}
	equal(t, "source", payload[0].(map[string]any)["source"], any("page"))
	equal(t, "text", payload[1].(map[string]any)["text"], any("print 2"))
}

func testSlowStart(t *testing.T, start Starter) {
	e := &Engine{StartGates: []string{"first", "second"}, StartErrors: []error{errors.New("no compiler")}}
	c := start(t, core.Options{Engine: e})
	info := c.Request(wire.Shell, "kernel_info_request", nil)
	equal(t, "kernel_info meanwhile", info.Outcome(), "ok")
	progress := func(id string) {
		c.Find("the progress of the start", func(m *wire.Message) bool {
			return m.Parent.MsgID == id && m.Header.MsgType == "display_data"
		})
	}
	id := c.Post(wire.Shell, "execute_request", Cell("print a"))
	progress(id)
	e.Open("first")
	x := c.Collect(id)
	equal(t, "failed start", Field[string](x.Reply, "evalue"), "no compiler")
	id = c.Post(wire.Shell, "execute_request", Cell("print b"))
	progress(id)
	e.Open("second")
	x = c.Collect(id)
	equal(t, "second attempt", x.Outcome(), "ok")
	types := x.Types()
	equal(t, "first of", types[1], "display_data")
	if text := Field[map[string]any](x.Output[1], "data")["text/plain"]; !strings.Contains(fmt.Sprint(text), "warming up, 50 %") {
		t.Errorf("progress %q does not name the stage", text)
	}
	equal(t, "last of", types[len(types)-2:], []string{"clear_output", "stream"})
	equal(t, "third", c.Execute("print c").Types(), []string{"execute_input", "stream"})
}

func testShutdown(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	running := c.Post(wire.Shell, "execute_request", Cell("wait"))
	c.Find("execute_input", func(m *wire.Message) bool { return m.Header.MsgType == "execute_input" })
	x := c.Request(wire.Control, "shutdown_request", map[string]any{"restart": true})
	equal(t, "outcome", x.Outcome(), "ok")
	equal(t, "restart", Field[bool](x.Reply, "restart"), true)
	equal(t, "told to all", x.Types(), []string{"shutdown_reply"})
	equal(t, "status", x.Status[len(x.Status)-1], "idle")
	equal(t, "running cell", c.Collect(running).Outcome(), "error")
}
