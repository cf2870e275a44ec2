package widgets

import (
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"reflect"
	"sync"

	"glownotes/kernel/display"
)

// Versions of the protocol and of the models ("Jupyter widgets messaging
// protocol", packages/schema/messages.md of ipywidgets 8).
const (
	protocolVersion = "2.1.0"
	controls        = "@jupyter-widgets/controls"
	controlsVersion = "2.0.0"
	base            = "@jupyter-widgets/base"
	baseVersion     = "2.0.0"
	output          = "@jupyter-widgets/output"
	outputVersion   = "1.0.0"

	widgetTarget = "jupyter.widget"
	viewMIME     = "application/vnd.jupyter.widget-view+json"
)

// A Widget is anything that shows itself in the browser and may be put into a
// box.
type Widget interface {
	// ModelID is the comm id of the widget's model.
	ModelID() string
	// MIMEBundle makes the widget show when it is the value of a cell.
	MIMEBundle() map[string]any
	// Close removes the widget from the browser.
	Close()
}

// A Control is a widget with a value that a person changes.
type Control interface {
	Widget
	// onAny calls f after each change of the value from the browser.
	onAny(f func())
}

// model is the Go side of one widget model: its synced state, and the comm
// that keeps the browser's copy equal.
type model struct {
	id   string
	name string // _model_name, for text/plain

	mu       sync.Mutex
	state    map[string]any
	accept   func(key string, v any) (any, bool) // checks a value from the browser
	changed  func(keys map[string]any)           // called with what the browser changed
	custom   func(content map[string]any)        // called for custom messages
	isClosed bool
}

// newModel fills in the protocol's own keys, registers the model and opens its
// comm. Children must be open already.
func newModel(module, version, name, view string, state map[string]any) *model {
	m := &model{id: rand.Text(), name: name, state: map[string]any{
		"_model_module": module, "_model_module_version": version, "_model_name": name,
		"_view_module": module, "_view_module_version": version, "_view_name": view,
		"_view_count": nil,
	}}
	if view == "" {
		m.state["_view_name"] = nil
	}
	maps.Copy(m.state, state)
	return m
}

// open sends comm_open with the whole state; the widget exists from here on.
// Outside a notebook nothing is sent and the widget is only a value.
func (m *model) open() {
	register(m)
	state, paths, buffers := split(m.snapshot())
	m.send(display.CommMessage{
		Kind: "open", Target: widgetTarget,
		Data:     map[string]any{"state": state, "buffer_paths": paths},
		Metadata: map[string]any{"version": protocolVersion},
		Buffers:  buffers,
	})
}

func (m *model) send(c display.CommMessage) {
	c.ID = m.id
	// Without a front end (a test, a headless run) there is nobody to tell.
	_ = display.SendComm(c)
}

// ModelID is the comm id of the widget's model.
func (m *model) ModelID() string { return m.id }

// MIMEBundle shows the widget's view.
func (m *model) MIMEBundle() map[string]any {
	return map[string]any{
		viewMIME:         map[string]any{"version_major": 2, "version_minor": 0, "model_id": m.id},
		display.MIMEText: m.text(),
	}
}

// text is what a reader without widgets sees.
func (m *model) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, _ := m.state["description"].(string)
	for _, k := range []string{"value", "index"} {
		if v, ok := m.state[k]; ok && !isBytes(v) {
			return fmt.Sprintf("%s(%s=%v)", m.name, d, v)
		}
	}
	return m.name + "(" + d + ")"
}

// Close removes the widget from the browser.
func (m *model) Close() {
	m.mu.Lock()
	if m.isClosed {
		m.mu.Unlock()
		return
	}
	m.isClosed = true
	m.mu.Unlock()
	unregister(m.id)
	m.send(display.CommMessage{Kind: "close", Data: map[string]any{}})
}

// Set changes one synced attribute by its protocol name, for everything that
// has no method of its own: s.Set("continuous_update", false).
func (m *model) Set(name string, v any) { m.update(map[string]any{name: v}) }

// update changes attributes and tells the browser about those that differ.
func (m *model) update(values map[string]any) {
	m.mu.Lock()
	diff := map[string]any{}
	for k, v := range values {
		if old, ok := m.state[k]; !ok || !same(old, v) {
			m.state[k], diff[k] = v, v
		}
	}
	m.mu.Unlock()
	if len(diff) > 0 {
		m.sendState("update", diff)
	}
}

func (m *model) sendState(method string, values map[string]any) {
	state, paths, buffers := split(values)
	m.send(display.CommMessage{
		Kind:     "msg",
		Data:     map[string]any{"method": method, "state": state, "buffer_paths": paths},
		Metadata: map[string]any{"version": protocolVersion},
		Buffers:  buffers,
	})
}

func (m *model) get(key string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state[key]
}

func (m *model) snapshot() map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.state)
}

// receive handles a comm_msg of this model.
func (m *model) receive(c display.CommMessage) {
	switch method, _ := c.Data["method"].(string); method {
	case "update":
		state, _ := c.Data["state"].(map[string]any)
		m.fromBrowser(join(state, c.Data["buffer_paths"], c.Buffers))
	case "request_state":
		m.sendState("update", m.snapshot())
	case "custom":
		if content, ok := c.Data["content"].(map[string]any); ok && m.custom != nil {
			m.custom(content)
		}
	}
}

// fromBrowser takes over what a person changed: accepted values are echoed
// first, so that other windows follow ("echo_update"), then callbacks run.
// Refused values are corrected in the browser.
func (m *model) fromBrowser(values map[string]any) {
	accepted, corrected := map[string]any{}, map[string]any{}
	m.mu.Lock()
	for k, v := range values {
		old, known := m.state[k]
		if !known {
			continue
		}
		if m.accept != nil {
			nv, ok := m.accept(k, v)
			if !ok {
				corrected[k] = old
				continue
			}
			if !same(nv, v) {
				corrected[k] = nv
			}
			v = nv
		}
		m.state[k], accepted[k] = v, v
	}
	m.mu.Unlock()
	if len(accepted) > 0 {
		m.sendState("echo_update", accepted)
	}
	if len(corrected) > 0 {
		m.sendState("update", corrected)
	}
	if m.changed != nil && len(accepted) > 0 {
		m.changed(accepted)
	}
}

// same compares JSON-like values; numbers by value, whatever their Go type.
func same(a, b any) bool {
	fa, oka := number(a)
	fb, okb := number(b)
	if oka && okb {
		return fa == fb
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// guard keeps a panic of a callback from ending the cell host.
func guard(what string) {
	if e := recover(); e != nil {
		fmt.Fprintf(os.Stderr, "widgets: callback of %s panicked: %v\n", what, e)
	}
}
