package cuda

import "fmt"

// Graph is recorded work that is issued as a whole.
type Graph struct {
	c      *Context
	exec   uintptr
	nodes  int
	closed bool
}

// Record calls f and records what it issues instead of running it. f must not
// wait for the device or allocate.
func (c *Context) Record(f func(q Queue) error) (*Graph, error) {
	g := &Graph{c: c}
	err := c.run(func() error {
		const threadLocal = 1 // other threads, such as a library's, stay free to allocate
		d := c.driver
		if err := d.call("cuStreamBeginCapture_v2", c.stream, threadLocal); err != nil {
			return err
		}
		failed := f(Queue{c})
		var graph uintptr
		if err := d.call("cuStreamEndCapture", c.stream, pointer(&graph)); err != nil && failed == nil {
			failed = err
		}
		if graph == 0 {
			if failed == nil {
				failed = fmt.Errorf("cuda: nothing was recorded")
			}
			return failed
		}
		defer d.call("cuGraphDestroy", graph)
		if failed != nil {
			return failed
		}
		var nodes uintptr
		if err := d.call("cuGraphGetNodes", graph, 0, pointer(&nodes)); err != nil {
			return err
		}
		g.nodes = int(nodes)
		return d.call("cuGraphInstantiateWithFlags", pointer(&g.exec), graph, 0)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Nodes is the number of kernels and copies recorded.
func (g *Graph) Nodes() int { return g.nodes }

// Issue issues the graph: inside [Context.Do].
func (g *Graph) Issue(q Queue) error { return q.c.driver.call("cuGraphLaunch", g.exec, q.c.stream) }

// Close frees the graph.
func (g *Graph) Close() error {
	if g.closed {
		return nil
	}
	g.closed = true
	return g.c.run(func() error { return g.c.driver.call("cuGraphExecDestroy", g.exec) })
}

// Timer measures the time between two points of the queue.
type Timer struct{ from, to uintptr }

// NewTimer makes a timer.
func (q Queue) NewTimer() (*Timer, error) {
	t := &Timer{}
	for _, e := range []*uintptr{&t.from, &t.to} {
		if err := q.c.driver.call("cuEventCreate", pointer(e), 0); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Start marks the first point.
func (t *Timer) Start(q Queue) error { return q.c.driver.call("cuEventRecord", t.from, q.c.stream) }

// Stop marks the second point, waits for it and returns the milliseconds between.
func (t *Timer) Stop(q Queue) (float64, error) {
	if err := q.c.driver.call("cuEventRecord", t.to, q.c.stream); err != nil {
		return 0, err
	}
	if err := q.c.driver.call("cuEventSynchronize", t.to); err != nil {
		return 0, err
	}
	var ms float32
	err := q.c.driver.call("cuEventElapsedTime", pointer(&ms), t.from, t.to)
	return float64(ms), err
}

// Close frees the timer.
func (t *Timer) Close(q Queue) error {
	q.c.driver.call("cuEventDestroy_v2", t.from)
	return q.c.driver.call("cuEventDestroy_v2", t.to)
}
