package widgets

import (
	"maps"
	"slices"
	"sync"

	"glownotes/kernel/display"
)

// controlTarget is the comm on which a page that was reloaded asks for all
// widgets at once.
const controlTarget = "jupyter.widget.control"

// registry holds every open model of the process: the browser addresses them
// by id, whichever cell made them.
var registry struct {
	once   sync.Once
	mu     sync.Mutex
	models map[string]*model
}

func register(m *model) {
	registry.once.Do(func() { display.OnComm(receive) })
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if registry.models == nil {
		registry.models = map[string]*model{}
	}
	registry.models[m.id] = m
}

func unregister(id string) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	delete(registry.models, id)
}

func lookup(id string) *model {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return registry.models[id]
}

// receive routes a message from the front end. A message for a widget that is
// gone is answered by comm_close, so that the browser drops its view.
func receive(c display.CommMessage) {
	if c.Kind == "open" {
		if c.Target != controlTarget {
			_ = display.SendComm(display.CommMessage{Kind: "close", ID: c.ID, Data: map[string]any{}})
		}
		return
	}
	if method, _ := c.Data["method"].(string); c.Kind == "msg" && method == "request_states" {
		sendStates(c.ID)
		return
	}
	m := lookup(c.ID)
	switch {
	case m != nil && c.Kind == "msg":
		m.receive(c)
	case m != nil && c.Kind == "close":
		m.mu.Lock()
		m.isClosed = true
		m.mu.Unlock()
		unregister(c.ID)
	case c.Kind == "msg":
		_ = display.SendComm(display.CommMessage{Kind: "close", ID: c.ID, Data: map[string]any{}})
	}
}

// sendStates answers request_states with the state of every widget, which is
// how a reloaded page or a second window gets its views back.
func sendStates(id string) {
	registry.mu.Lock()
	models := slices.Collect(maps.Values(registry.models))
	registry.mu.Unlock()
	slices.SortFunc(models, func(a, b *model) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	states := map[string]any{}
	paths, buffers := [][]string{}, [][]byte(nil)
	for _, m := range models {
		state, own, bufs := split(m.snapshot())
		states[m.id] = map[string]any{
			"model_name": state["_model_name"], "model_module": state["_model_module"],
			"model_module_version": state["_model_module_version"], "state": state,
		}
		for _, p := range own {
			paths = append(paths, append([]string{m.id, "state"}, p...))
		}
		buffers = append(buffers, bufs...)
	}
	_ = display.SendComm(display.CommMessage{Kind: "msg", ID: id, Buffers: buffers,
		Data: map[string]any{"method": "update_states", "states": states, "buffer_paths": paths}})
}
