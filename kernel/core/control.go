package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// interrupt serves interrupt_request.
func (k *Kernel) interrupt(context.Context, *request) (any, error) {
	k.Interrupt()
	return map[string]any{"status": "ok"}, nil
}

// shutdown serves shutdown_request: the reply goes out first, to all front
// ends, and then the kernel stops.
func (k *Kernel) shutdown(_ context.Context, r *request) (any, error) {
	var q struct {
		Restart bool `json:"restart"`
	}
	if err := r.decode(&q); err != nil {
		return nil, err
	}
	reply := map[string]any{"status": "ok", "restart": q.Restart}
	k.publish("shutdown_reply", r.Header, reply)
	r.after = k.stop
	return reply, nil
}

// A ParallelEngine is an Engine whose Execute may be called for several cells
// at once, which then share variables as goroutines do. With it the kernel
// offers subshells (JEP 91).
type ParallelEngine interface {
	Engine
	// Parallel reports whether this engine really can.
	Parallel() bool
}

// subshells are the lanes of cells: the main shell, named "", and what front
// ends create beside it.
type subshells struct {
	k    *Kernel
	main *mailbox

	mu     sync.Mutex
	boxes  map[string]*mailbox // without main
	order  []string
	made   int
	closed bool
}

func newSubshells(k *Kernel) *subshells {
	return &subshells{k: k, main: newMailbox(), boxes: map[string]*mailbox{}}
}

func (s *subshells) start() { s.k.lane(s.main) }

// supported reports whether the engine can run cells at the same time.
func (s *subshells) supported() bool {
	p, ok := s.k.opts.Engine.(ParallelEngine)
	return ok && p.Parallel()
}

// mailbox returns the lane of an id, nil if there is none.
func (s *subshells) mailbox(id string) *mailbox {
	if id == "" {
		return s.main
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes[id]
}

// abort makes the cells that wait behind a failed one reply without running.
func (s *subshells) abort(id string) {
	if b := s.mailbox(id); b != nil {
		b.abort()
	}
}

func (s *subshells) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.main.abort()
	s.main.close()
	for _, b := range s.boxes {
		b.abort()
		b.close()
	}
}

var errNoSubshells = errors.New("this engine runs one cell at a time: no subshells")

// createSubshell serves create_subshell_request.
func (k *Kernel) createSubshell(_ context.Context, r *request) (any, error) {
	s := k.subshells
	if !s.supported() {
		return nil, &BadRequestError{r.Header.MsgType, errNoSubshells}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &BadRequestError{r.Header.MsgType, errors.New("the kernel stops")}
	}
	s.made++
	id := k.session.ID()[:8] + "-" + strconv.Itoa(s.made)
	s.boxes[id] = newMailbox()
	s.order = append(s.order, id)
	k.lane(s.boxes[id])
	return map[string]any{"status": "ok", "subshell_id": id}, nil
}

// deleteSubshell serves delete_subshell_request. What waits there is served
// to its end.
func (k *Kernel) deleteSubshell(_ context.Context, r *request) (any, error) {
	var q struct {
		ID string `json:"subshell_id"`
	}
	if err := r.decode(&q); err != nil {
		return nil, err
	}
	s := k.subshells
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[q.ID]
	if b == nil {
		return nil, &BadRequestError{r.Header.MsgType, fmt.Errorf("no subshell %q", q.ID)}
	}
	b.close()
	delete(s.boxes, q.ID)
	for i, id := range s.order {
		if id == q.ID {
			s.order = append(s.order[:i:i], s.order[i+1:]...)
			break
		}
	}
	return map[string]any{"status": "ok"}, nil
}

// listSubshells serves list_subshell_request.
func (k *Kernel) listSubshells(context.Context, *request) (any, error) {
	s := k.subshells
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"status": "ok", "subshell_id": append([]string{}, s.order...)}, nil
}
