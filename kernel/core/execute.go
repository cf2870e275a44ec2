package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"glownotes/kernel/display"
)

type executeRequest struct {
	Code            *string           `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"` // default: not silent
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     *bool             `json:"stop_on_error"` // default: true
}

// executeReply is the content of execute_reply. The count is there even with
// an error, and absent when the cell was aborted: it never ran.
type executeReply struct {
	Status    string           `json:"status"`
	Count     *int             `json:"execution_count,omitempty"`
	Payload   []map[string]any `json:"payload,omitzero"`
	Exprs     map[string]any   `json:"user_expressions,omitzero"`
	Name      string           `json:"ename,omitempty"`
	Value     *string          `json:"evalue,omitempty"`
	Traceback []string         `json:"traceback,omitzero"`

	started time.Time
}

// metadata has what JupyterLab shows as the time of the start.
func (r executeReply) metadata() map[string]any {
	return map[string]any{"started": r.started.UTC().Format(time.RFC3339Nano), "status": r.Status}
}

func failedReply(count int, err error, started time.Time) executeReply {
	c := errorOf(err)
	return executeReply{
		Status: "error", Count: &count, Name: c.Name, Value: &c.Value,
		Traceback: c.Traceback, started: started,
	}
}

// An execution is a cell that runs.
type execution struct {
	*request
	ctx     context.Context
	cancel  context.CancelFunc
	out     *output
	code    string
	number  int
	silent  bool
	store   bool
	started time.Time
}

// execute serves execute_request.
func (k *Kernel) execute(ctx context.Context, r *request) (any, error) {
	started := time.Now()
	if r.aborted {
		return executeReply{Status: "aborted", started: started}, nil
	}
	var q executeRequest
	err := r.refused
	if err == nil {
		err = r.decode(&q)
	}
	if err == nil && q.Code == nil {
		err = &BadRequestError{r.Header.MsgType, errors.New("no code")}
	}
	if err != nil {
		return failedReply(k.executionCount(), err, started), nil
	}
	e := k.begin(ctx, r, q, started)
	defer k.end(e)

	value, err := k.run(e)
	e.out.finish()
	if err != nil {
		if q.StopOnError == nil || *q.StopOnError {
			// Before the front end can know of it: what it sends then, runs.
			k.subshells.abort(r.Header.SubshellID)
		}
		reply := failedReply(e.number, err, started)
		if !e.silent {
			k.publish("error", r.Header, errorOf(err))
		}
		return reply, nil
	}
	if value.Value != nil && !e.silent {
		k.publishResult(e, *value.Value)
	}
	return executeReply{
		Status: "ok", Count: &e.number, Payload: append([]map[string]any{}, value.Payload...),
		Exprs: k.evaluate(e, q.UserExpressions), started: started,
	}, nil
}

// begin gives a cell its number and announces it. The number counts only what
// goes into the history.
func (k *Kernel) begin(ctx context.Context, r *request, q executeRequest, started time.Time) *execution {
	e := &execution{request: r, code: *q.Code, silent: q.Silent, started: started}
	e.store = !q.Silent && (q.StoreHistory == nil || *q.StoreHistory)
	e.ctx, e.cancel = context.WithCancel(ctx)
	blank := strings.TrimSpace(e.code) == ""

	k.mu.Lock()
	if e.store && !blank {
		k.count++
	}
	e.number = k.count
	k.running[e] = true
	k.mu.Unlock()

	e.out = newOutput(k, r, e.number, q.Silent, q.AllowStdin)
	if r.Header.SubshellID == "" {
		k.setActive(e)
	}
	if !e.silent {
		k.publish("execute_input", r.Header, map[string]any{"code": e.code, "execution_count": e.number})
	}
	if e.store && !blank {
		k.history.Add(e.number, e.code)
	}
	return e
}

func (k *Kernel) end(e *execution) {
	e.cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.running, e)
}

func (k *Kernel) executionCount() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

// run has the engine execute the cell. A cell of blanks is nothing to do.
func (k *Kernel) run(e *execution) (Result, error) {
	if strings.TrimSpace(e.code) == "" {
		return Result{}, nil
	}
	if err := k.awaitEngine(e); err != nil {
		return Result{}, err
	}
	return k.call(e.ctx, Cell{Code: e.code, Number: e.number, Silent: e.silent}, e.out)
}

// call is Engine.Execute with a panic as an error.
func (k *Kernel) call(ctx context.Context, c Cell, out Output) (res Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("core: the engine panicked: %v", p)
		}
	}()
	res, err = k.opts.Engine.Execute(ctx, c, out)
	if errors.Is(err, context.Canceled) {
		err = &CellError{Name: "Interrupted", Message: "the cell was interrupted"}
	}
	return res, err
}

// awaitEngine waits until the engine has started. What it shows meanwhile goes
// away with the first output of the cell.
func (k *Kernel) awaitEngine(e *execution) error {
	id := "start-" + e.Header.MsgID
	shown := false
	err := k.starter.wait(k.base, e.ctx, func(line string) {
		b := display.Bundle{Data: map[string]any{"text/plain": line}}
		if shown {
			e.out.Update(b, id)
		} else {
			e.out.Display(b, id)
		}
		shown = true
	})
	if shown {
		e.out.Clear(true)
	}
	return err
}

// resultContent is the content of execute_result.
type resultContent struct {
	data, metadata map[string]any // from bundle
	count          int
}

// AppendJSON implements wire.Appender.
func (c resultContent) AppendJSON(b []byte) []byte {
	b = append(appendBundle(append(b, '{'), c.data, c.metadata), `,"execution_count":`...)
	return append(strconv.AppendInt(b, int64(c.count), 10), '}')
}

func (k *Kernel) publishResult(e *execution, b display.Bundle) {
	data, metadata := k.bundle(b)
	k.publish("execute_result", e.Header, resultContent{data, metadata, e.number})
	if e.store {
		text, _ := data["text/plain"].(string)
		k.history.SetOutput(e.number, text)
	}
}

// evaluate computes the user_expressions after a cell that succeeded: each has
// its own status.
func (k *Kernel) evaluate(e *execution, exprs map[string]string) map[string]any {
	results := map[string]any{}
	for name, expr := range exprs {
		res, err := k.call(e.ctx, Cell{Code: expr, Number: e.number}, silence{})
		if err == nil && res.Value == nil {
			err = &CellError{Name: "NoValue", Message: fmt.Sprintf("%q has no value", expr)}
		}
		if err != nil {
			results[name] = errorReply(err)
			continue
		}
		data, metadata := k.bundle(*res.Value)
		results[name] = map[string]any{"status": "ok", "data": data, "metadata": metadata}
	}
	return results
}
