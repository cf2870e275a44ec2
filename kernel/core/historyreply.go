package core

import (
	"context"
	"fmt"
)

type historyRequest struct {
	Output  bool   `json:"output"`
	Type    string `json:"hist_access_type"`
	Session int    `json:"session"`
	Start   int    `json:"start"`
	Stop    *int   `json:"stop"`
	N       *int   `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// historyReply serves history_request: triples of session, line and input, or
// with output of session, line and [input, output].
func (k *Kernel) historyReply(_ context.Context, r *request) (any, error) {
	var q historyRequest
	if err := r.decode(&q); err != nil {
		return nil, err
	}
	n, stop := 0, 0
	if q.N != nil {
		n = *q.N
	}
	if q.Stop != nil {
		if stop = *q.Stop; stop <= q.Start {
			stop = q.Start // an empty range, where 0 would be no limit
		}
	}
	var entries []Entry
	switch q.Type {
	case "tail":
		entries = k.history.Tail(n)
	case "range":
		if q.Stop == nil || stop > 0 {
			entries = k.history.Range(q.Session, q.Start, stop)
		}
	case "search":
		pattern := q.Pattern
		if pattern == "" {
			pattern = "*"
		}
		entries = k.history.Search(pattern, n, q.Unique)
	default:
		return nil, &BadRequestError{r.Header.MsgType, fmt.Errorf("hist_access_type %q", q.Type)}
	}
	list := make([][3]any, len(entries))
	for i, e := range entries {
		list[i] = [3]any{e.Session, e.Line, e.Input}
		if q.Output {
			list[i][2] = [2]any{e.Input, e.Output}
		}
	}
	return map[string]any{"status": "ok", "history": list}, nil
}
