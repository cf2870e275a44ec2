package core

import (
	"context"
	"errors"
	"strings"
)

// comm serves comm_open, comm_msg and comm_close. They have no reply, but busy
// and idle: a slider holds its next value back until it sees that idle.
func (k *Kernel) comm(_ context.Context, r *request) (any, error) {
	var q struct {
		ID     string         `json:"comm_id"`
		Target string         `json:"target_name"`
		Data   map[string]any `json:"data"`
	}
	if err := r.decode(&q); err != nil {
		return nil, err
	}
	if q.ID == "" {
		return nil, &BadRequestError{r.Header.MsgType, errors.New("no comm_id")}
	}
	m := CommMessage{
		Kind: strings.TrimPrefix(r.Header.MsgType, "comm_"), ID: q.ID, Target: q.Target,
		Data: q.Data, Metadata: r.Metadata, Buffers: r.Buffers,
	}
	out := newOutput(k, r, k.executionCount(), false, false)
	defer out.finish()
	if h, ok := k.opts.Engine.(CommHandler); ok {
		h.HandleComm(m, out)
	} else if m.Kind != "close" {
		// Nobody is there: the front end must not wait for an answer.
		out.Comm(CommMessage{Kind: "close", ID: m.ID})
	}
	return nil, nil
}

// commInfo serves comm_info_request: open comms, of one target if it is named.
func (k *Kernel) commInfo(_ context.Context, r *request) (any, error) {
	var q struct {
		Target string `json:"target_name"`
	}
	if err := r.decode(&q); err != nil {
		return nil, err
	}
	comms := map[string]any{}
	if h, ok := k.opts.Engine.(CommHandler); ok {
		for id, target := range h.Comms() {
			if q.Target == "" || q.Target == target {
				comms[id] = map[string]any{"target_name": target}
			}
		}
	}
	return map[string]any{"status": "ok", "comms": comms}, nil
}
