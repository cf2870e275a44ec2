package kerneltest

import (
	"path/filepath"
	"strings"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/history"
	"glownotes/kernel/wire"
)

func testInput(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	question := func(id string) *wire.Message {
		return c.Find("input_request", func(m *wire.Message) bool {
			return m.Header.MsgType == "input_request" && m.Parent.MsgID == id
		})
	}
	id := c.Post(wire.Shell, "execute_request", Cell("print first\ninput name?"))
	q := question(id)
	equal(t, "prompt", Field[string](q, "prompt"), "name?")
	equal(t, "password", Field[bool](q, "password"), false)
	c.Answer(q, "gopher")
	equal(t, "output", c.Collect(id).Text("stdout"), "first\ngot gopher\n")

	id = c.Post(wire.Shell, "execute_request", Cell("password secret?"))
	q = question(id)
	equal(t, "password", Field[bool](q, "password"), true)
	c.Post(wire.Stdin, "input_reply", map[string]any{"value": "no parent"}) // as jupyter_client does
	equal(t, "output", c.Collect(id).Text("stdout"), "got no parent\n")

	cell := Cell("input x")
	cell["allow_stdin"] = false
	x := c.Request(wire.Shell, "execute_request", cell)
	equal(t, "not allowed", Field[string](x.Reply, "ename"), "NoInput")

	id = c.Post(wire.Shell, "execute_request", Cell("input x"))
	stale := question(id)
	c.Request(wire.Control, "interrupt_request", nil)
	equal(t, "interrupted", Field[string](c.Collect(id).Reply, "ename"), "Interrupted")
	id = c.Post(wire.Shell, "execute_request", Cell("input again"))
	q = question(id)
	c.Answer(stale, "old")
	c.Answer(q, "new")
	equal(t, "answer to the open question", c.Collect(id).Text("stdout"), "got new\n")
}

func testComm(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	send := func(kind string, content map[string]any) *Exchange {
		x := c.Request(wire.Shell, "comm_"+kind, content)
		if len(x.Status) < 2 || x.Status[0] != "busy" {
			t.Errorf("status of comm_%s: %v", kind, x.Status)
		}
		return x
	}
	running := c.Post(wire.Shell, "execute_request", Cell("await go"))
	x := send("open", map[string]any{"comm_id": "1", "target_name": "nobody", "data": map[string]any{}})
	equal(t, "unknown target", x.Types(), []string{"comm_close"})
	x = send("open", map[string]any{"comm_id": "2", "target_name": "echo", "data": map[string]any{}})
	equal(t, "known target", x.Types(), []string{})
	id := c.Send(wire.Shell, "comm_msg", map[string]any{"comm_id": "2", "data": map[string]any{"a": 1}},
		func(m *wire.Message) { m.Buffers = [][]byte{{1, 2, 3}, {}} })
	x = c.Collect(id)
	equal(t, "echo", x.Types(), []string{"comm_msg"})
	equal(t, "data", Field[float64](x.Output[0], "data/data/a"), 1)
	equal(t, "buffers", len(x.Output[0].Buffers), 2)
	equal(t, "buffer", string(x.Output[0].Buffers[0]), "\x01\x02\x03")
	x = send("msg", map[string]any{"comm_id": "nope", "data": map[string]any{}})
	equal(t, "unknown comm", x.Types(), []string{"comm_close"})
	e.Open("go")
	equal(t, "the cell", c.Collect(running).Outcome(), "ok")

	info := func(content any) map[string]any {
		return Field[map[string]any](c.Request(wire.Shell, "comm_info_request", content).Reply, "comms")
	}
	open := map[string]any{"2": map[string]any{"target_name": "echo"}}
	equal(t, "comms", info(map[string]any{}), open)
	equal(t, "comms of echo", info(map[string]any{"target_name": "echo"}), open)
	equal(t, "comms of another", info(map[string]any{"target_name": "x"}), map[string]any{})
	send("close", map[string]any{"comm_id": "2", "data": map[string]any{}})
	equal(t, "comms after close", info(map[string]any{}), map[string]any{})

	x = c.Execute("comm widget w1")
	equal(t, "opened by the cell", x.Types(), []string{"execute_input", "comm_open"})
	equal(t, "version", x.Output[1].Metadata["version"], any("2.1.0"))
	equal(t, "target", Field[string](x.Output[1], "target_name"), "widget")
	equal(t, "buffers", len(x.Output[1].Buffers), 1)
	equal(t, "comm without id", send("msg", map[string]any{"data": 1}).Types(), []string{})
}

func testHistory(t *testing.T, start Starter) {
	file := filepath.Join(t.TempDir(), "history.sqlite")
	c := start(t, core.Options{Engine: &Engine{}, History: history.New(file, nil)})
	for _, code := range []string{"value 1", "print two", "value 3", "print two"} {
		c.Execute(code)
	}
	ask := func(content map[string]any) []any {
		content["raw"] = true
		x := c.Request(wire.Shell, "history_request", content)
		equal(t, "outcome", x.Outcome(), "ok")
		return Field[[]any](x.Reply, "history")
	}
	line := func(session, n float64, code any) any { return []any{session, n, code} }
	equal(t, "tail", ask(map[string]any{"hist_access_type": "tail", "n": 2, "output": false}),
		[]any{line(1, 3, "value 3"), line(1, 4, "print two")})
	equal(t, "range", ask(map[string]any{"hist_access_type": "range", "session": 0, "start": 2, "stop": 4, "output": false}),
		[]any{line(1, 2, "print two"), line(1, 3, "value 3")})
	equal(t, "empty range", ask(map[string]any{"hist_access_type": "range", "session": 0, "start": 3, "stop": 3, "output": false}), []any{})
	equal(t, "range to the end", ask(map[string]any{"hist_access_type": "range", "session": 1, "start": 4, "stop": nil, "output": false}),
		[]any{line(1, 4, "print two")})
	equal(t, "search", ask(map[string]any{"hist_access_type": "search", "pattern": "val*", "n": 1, "output": true}),
		[]any{line(1, 3, []any{"value 3", "3"})})
	equal(t, "search unique", ask(map[string]any{"hist_access_type": "search", "pattern": "p*", "unique": true, "output": true}),
		[]any{line(1, 4, []any{"print two", nil})})
	equal(t, "no such session", ask(map[string]any{"hist_access_type": "range", "session": 9, "start": 0, "output": false}), []any{})
	x := c.Request(wire.Shell, "history_request", map[string]any{"hist_access_type": "sideways"})
	equal(t, "unknown access", x.Outcome(), "error")

	d := start(t, core.Options{Engine: &Engine{}, History: history.New(file, nil)})
	d.Execute("print later")
	x = d.Request(wire.Shell, "history_request", map[string]any{"hist_access_type": "range", "session": -1, "start": 3, "output": true})
	equal(t, "earlier session", Field[[]any](x.Reply, "history"),
		[]any{line(1, 3, []any{"value 3", "3"}), line(1, 4, []any{"print two", nil})})
	x = d.Request(wire.Shell, "history_request", map[string]any{"hist_access_type": "tail", "n": 2})
	equal(t, "tail over sessions", Field[[]any](x.Reply, "history"), []any{line(1, 4, "print two"), line(2, 1, "print later")})
}

func testQueries(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	c.Execute("set ähnlich 1\nset ärger 2")
	complete := func(code string, cursor any) *wire.Message {
		return c.Request(wire.Shell, "complete_request", map[string]any{"code": code, "cursor_pos": cursor}).Reply
	}
	m := complete("😀 ä", 3)
	equal(t, "matches", Field[[]any](m, "matches"), []any{"ähnlich", "ärger"})
	equal(t, "start", Field[float64](m, "cursor_start"), 2)
	equal(t, "end", Field[float64](m, "cursor_end"), 3)
	types := Field[[]any](m, "metadata/_jupyter_types_experimental")
	equal(t, "types", types[1], any(map[string]any{"text": "ärger", "type": "instance", "signature": "string", "start": 2.0, "end": 3.0}))
	equal(t, "nothing", Field[[]any](complete("zz", 2), "matches"), []any{})
	for _, cursor := range []any{99, -3, nil} {
		equal(t, "cursor outside", Field[string](complete("abc", cursor), "status"), "ok")
	}
	inspect := func(code string) *wire.Message {
		return c.Request(wire.Shell, "inspect_request", map[string]any{"code": code, "cursor_pos": -1, "detail_level": 0}).Reply
	}
	equal(t, "found", Field[bool](inspect("ärger"), "found"), true)
	equal(t, "not found", Field[bool](inspect("x"), "found"), false)
	equal(t, "data of what is not found", len(Field[map[string]any](inspect("x"), "data")), 0)
	for code, want := range map[string]string{"print": "complete", `print \`: "incomplete", "?": "invalid"} {
		r := c.Request(wire.Shell, "is_complete_request", map[string]any{"code": code}).Reply
		equal(t, "is_complete of "+code, Field[string](r, "status"), want)
	}
	slow := c.Post(wire.Shell, "complete_request", map[string]any{"code": "await go", "cursor_pos": 8})
	equal(t, "during a slow completion", c.Request(wire.Shell, "kernel_info_request", nil).Outcome(), "ok")
	e.Open("go")
	equal(t, "slow completion", c.Collect(slow).Outcome(), "ok")
	equal(t, "connect", c.Request(wire.Shell, "connect_request", nil).Outcome(), "ok")
}

func testSubshells(t *testing.T, start Starter) {
	e := &Engine{Subshells: true}
	c := start(t, core.Options{Engine: e})
	info := c.Request(wire.Shell, "kernel_info_request", nil)
	equal(t, "features", Field[[]any](info.Reply, "supported_features"), []any{"kernel subshells"})
	id := Field[string](c.Request(wire.Control, "create_subshell_request", nil).Reply, "subshell_id")
	other := Field[string](c.Request(wire.Control, "create_subshell_request", nil).Reply, "subshell_id")
	list := func() any {
		return Field[[]any](c.Request(wire.Control, "list_subshell_request", nil).Reply, "subshell_id")
	}
	equal(t, "list", list(), any([]any{id, other}))
	in := func(shell, code string) string {
		return c.Send(wire.Shell, "execute_request", Cell(code), func(m *wire.Message) { m.Header.SubshellID = shell })
	}
	// The three lanes run at the same time: each waits for the next.
	a, b := in("", "await a\nprint main"), in(id, "await b\nprint first")
	x := c.Collect(in(other, "print second"))
	equal(t, "in the second subshell", x.Text("stdout"), "second\n")
	e.Open("b")
	x = c.Collect(b)
	equal(t, "in the first subshell", x.Text("stdout"), "first\n")
	equal(t, "its parent", x.Reply.Parent.SubshellID, id)
	e.Open("a")
	equal(t, "in the main shell", c.Collect(a).Text("stdout"), "main\n")

	// An interrupt is for all cells.
	a, b = in("", "print A\nwait"), in(id, "print B\nwait")
	for _, text := range []string{"A\n", "B\n"} {
		c.Find("output of a running cell", func(m *wire.Message) bool { return Field[string](m, "text") == text })
	}
	c.Request(wire.Control, "interrupt_request", nil)
	equal(t, "main", Field[string](c.Collect(a).Reply, "ename"), "Interrupted")
	equal(t, "subshell", Field[string](c.Collect(b).Reply, "ename"), "Interrupted")

	remove := func() string {
		return c.Request(wire.Control, "delete_subshell_request", map[string]any{"subshell_id": id}).Outcome()
	}
	equal(t, "delete", remove(), "ok")
	equal(t, "delete again", remove(), "error")
	equal(t, "list", list(), any([]any{other}))
	x = c.Collect(in(id, "print x"))
	equal(t, "in a deleted subshell", Field[string](x.Reply, "ename"), "BadRequest")
}

func testNoSubshells(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	info := c.Request(wire.Shell, "kernel_info_request", nil)
	equal(t, "features", Field[[]any](info.Reply, "supported_features"), []any{})
	equal(t, "create", c.Request(wire.Control, "create_subshell_request", nil).Outcome(), "error")
	equal(t, "list", len(Field[[]any](c.Request(wire.Control, "list_subshell_request", nil).Reply, "subshell_id")), 0)
}

// testBadRequests: what cannot be served has a reply that says so, between
// busy and idle, and the kernel goes on.
func testBadRequests(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	for _, tc := range []struct {
		name    string
		channel wire.Channel
		msgType string
		content any
	}{
		{"unknown type", wire.Shell, "frobnicate_request", nil},
		{"debugger", wire.Control, "debug_request", map[string]any{"command": "debugInfo"}},
		{"code is a number", wire.Shell, "execute_request", map[string]any{"code": 5}},
		{"no code", wire.Shell, "execute_request", nil},
		{"expressions are a list", wire.Shell, "execute_request", map[string]any{"code": "print", "user_expressions": []int{1}}},
		{"cursor is text", wire.Shell, "complete_request", map[string]any{"code": "a", "cursor_pos": "1"}},
		{"history of nothing", wire.Shell, "history_request", nil},
		{"restart is text", wire.Control, "shutdown_request", map[string]any{"restart": "no"}},
		{"no subshell", wire.Control, "delete_subshell_request", map[string]any{"subshell_id": "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := c.Request(tc.channel, tc.msgType, tc.content)
			bracketed(t, x)
			equal(t, "reply", x.Reply.Header.MsgType, strings.TrimSuffix(tc.msgType, "_request")+"_reply")
			equal(t, "outcome", x.Outcome(), "error")
			equal(t, "ename", Field[string](x.Reply, "ename"), "BadRequest")
		})
	}
	// No reply exists for these.
	c.Post(wire.Stdin, "input_reply", map[string]any{"value": "unasked"})
	c.Post(wire.Stdin, "execute_request", Cell("print on the wrong channel"))
	id := c.Post(wire.Shell, "frobnicate", nil)
	c.Find("idle", func(m *wire.Message) bool {
		return m.Parent.MsgID == id && Field[string](m, "execution_state") == "idle"
	})
	x := c.Request(wire.Shell, "execute_request", map[string]any{"code": "print minimal"})
	equal(t, "with nothing but code", x.Text("stdout"), "minimal\n")
}
