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
func (k *Kernel) historyReply(ctx context.Context, r *request) (any, error) {
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
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var entries []Entry
	var err error
	switch q.Type {
	case "tail":
		entries, err = k.history.Tail(ctx, n)
	case "range":
		if q.Stop == nil || stop > 0 {
			entries, err = k.history.Range(ctx, q.Session, q.Start, stop)
		}
	case "search":
		pattern := q.Pattern
		if pattern == "" {
			pattern = "*"
		}
		entries, err = k.history.Search(ctx, pattern, n, q.Unique)
	default:
		return nil, &BadRequestError{r.Header.MsgType, fmt.Errorf("hist_access_type %q", q.Type)}
	}
	if err != nil {
		return nil, err
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
