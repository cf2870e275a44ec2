package widgets

import "sync"

// callbacks runs user functions one at a time in the order in which their
// keys first waited. A key that waits already is replaced, not queued again:
// a dragged slider calls back with its latest value only.
type callbacks struct {
	mu      sync.Mutex
	order   []any
	waiting map[any]func()
	running bool
}

// queue is shared by all widgets, so that callbacks need no locks of their
// own between each other.
var queue callbacks

// do schedules f under key.
func (q *callbacks) do(key any, f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == nil {
		q.waiting = map[any]func(){}
	}
	if _, ok := q.waiting[key]; !ok {
		q.order = append(q.order, key)
	}
	q.waiting[key] = f
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *callbacks) run() {
	for {
		q.mu.Lock()
		if len(q.order) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		key := q.order[0]
		q.order = q.order[1:]
		f := q.waiting[key]
		delete(q.waiting, key)
		q.mu.Unlock()
		f()
	}
}

// hooks are the functions that a widget calls after a click.
type hooks struct {
	mu  sync.Mutex
	all []func()
}

func (h *hooks) add(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, f)
}

// call runs them in the order in which they were added; what names the widget
// if one panics.
func (h *hooks) call(what string) {
	defer guard(what)
	h.mu.Lock()
	all := h.all
	h.mu.Unlock()
	for _, f := range all {
		f()
	}
}
