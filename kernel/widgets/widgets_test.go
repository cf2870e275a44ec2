package widgets

import (
	"encoding/json"
	"image"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/display"
)

// browser is a CommSink that keeps what a front end would see.
type browser struct {
	mu   sync.Mutex
	sent []display.CommMessage
}

func (b *browser) Display(display.Bundle, string) {}
func (b *browser) Update(display.Bundle, string)  {}
func (b *browser) Clear(bool)                     {}

// Comm passes the data through JSON, as the wire does, so that what cannot be
// written there fails here.
func (b *browser) Comm(m display.CommMessage) {
	text, err := json.Marshal(m.Data)
	if err != nil {
		panic(err)
	}
	m.Data = nil
	if err := json.Unmarshal(text, &m.Data); err != nil {
		panic(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, m)
}

// take returns the messages since the last call.
func (b *browser) take() []display.CommMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sent
	b.sent = nil
	return s
}

func open(t *testing.T) *browser {
	t.Helper()
	b := new(browser)
	old := display.SetSink(b)
	t.Cleanup(func() { display.SetSink(old) })
	return b
}

// change is what a page sends when a person changes attributes.
func change(id string, state map[string]any) display.CommMessage {
	return display.CommMessage{Kind: "msg", ID: id,
		Data: map[string]any{"method": "update", "state": state, "buffer_paths": []any{}}}
}

func deliver(t *testing.T, m display.CommMessage) {
	t.Helper()
	if !display.DeliverComm(m) {
		t.Fatal("nobody receives comm messages")
	}
}

// method lists "method key=value" of the messages of one model.
func methods(ms []display.CommMessage, id string) []string {
	var out []string
	for _, m := range ms {
		if m.ID != id {
			continue
		}
		if m.Kind != "msg" {
			out = append(out, m.Kind)
			continue
		}
		state, _ := json.Marshal(m.Data["state"])
		out = append(out, m.Data["method"].(string)+" "+string(state))
	}
	return out
}

func TestOpen(t *testing.T) {
	b := open(t)
	s := NewIntSlider("steps", 0, 100, 150)
	ms := b.take()
	last := ms[len(ms)-1]
	if last.Kind != "open" || last.Target != widgetTarget || last.ID != s.ModelID() {
		t.Fatalf("last message %+v, want the slider's comm_open", last)
	}
	if last.Metadata["version"] != protocolVersion {
		t.Errorf("metadata %v lacks the protocol version", last.Metadata)
	}
	state := last.Data["state"].(map[string]any)
	for k, want := range map[string]any{
		"_model_name": "IntSliderModel", "_view_name": "IntSliderView", "_model_module": controls,
		"value": 100.0, "min": 0.0, "max": 100.0, "description": "steps",
	} {
		if state[k] != want {
			t.Errorf("state[%s] = %v, want %v", k, state[k], want)
		}
	}
	// The browser resolves references when the message arrives: what a model
	// names must be open already.
	opened := map[string]bool{}
	for _, m := range ms {
		for _, v := range m.Data["state"].(map[string]any) {
			if r, ok := v.(string); ok && strings.HasPrefix(r, "IPY_MODEL_") && !opened[strings.TrimPrefix(r, "IPY_MODEL_")] {
				t.Errorf("%s refers to a model that is not open yet", m.ID)
			}
		}
		opened[m.ID] = true
	}
	view := s.MIMEBundle()[viewMIME].(map[string]any)
	if view["model_id"] != s.ModelID() || view["version_major"] != 2 {
		t.Errorf("view %v", view)
	}
}

func TestEveryKindOpensWithItsNames(t *testing.T) {
	b := open(t)
	for _, c := range []struct {
		w           Widget
		model, view string
	}{
		{NewIntSlider("", 0, 1, 0), "IntSliderModel", "IntSliderView"},
		{NewFloatSlider("", 0, 1, 0), "FloatSliderModel", "FloatSliderView"},
		{NewCheckbox("", true), "CheckboxModel", "CheckboxView"},
		{NewText("", ""), "TextModel", "TextView"},
		{NewDropdown("", []string{"a"}, 0), "DropdownModel", "DropdownView"},
		{NewButton(""), "ButtonModel", "ButtonView"},
		{NewHTML(""), "HTMLModel", "HTMLView"},
		{NewLabel(""), "LabelModel", "LabelView"},
		{NewImage(nil), "ImageModel", "ImageView"},
		{NewIntProgress("", 10), "IntProgressModel", "ProgressView"},
		{NewFloatProgress("", 1), "FloatProgressModel", "ProgressView"},
		{NewOutput(), "OutputModel", "OutputView"},
		{NewHBox(), "HBoxModel", "HBoxView"},
		{NewVBox(), "VBoxModel", "VBoxView"},
		{NewTab(nil), "TabModel", "TabView"},
		{NewAccordion(nil), "AccordionModel", "AccordionView"},
	} {
		t.Run(c.model, func(t *testing.T) {
			m := lookup(c.w.ModelID())
			if m == nil {
				t.Fatal("not registered")
			}
			if m.state["_model_name"] != c.model || m.state["_view_name"] != c.view {
				t.Errorf("model %v view %v", m.state["_model_name"], m.state["_view_name"])
			}
			c.w.Close()
			if lookup(c.w.ModelID()) != nil {
				t.Error("still registered after Close")
			}
		})
	}
	b.take()
}

func TestBrowserChangesValue(t *testing.T) {
	for _, c := range []struct {
		name string
		sent map[string]any
		want int
		msgs []string
	}{
		{"accepted", map[string]any{"value": 7.0}, 7, []string{`echo_update {"value":7}`}},
		{"above the bound", map[string]any{"value": 70.0}, 10, []string{`echo_update {"value":10}`, `update {"value":10}`}},
		{"not a whole number", map[string]any{"value": 2.5}, 3, []string{`update {"value":3}`}},
		{"not a number", map[string]any{"value": "x"}, 3, []string{`update {"value":3}`}},
		{"unknown attribute", map[string]any{"nonsense": 1.0}, 3, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			s := NewIntSlider("n", 0, 10, 3)
			b.take()
			deliver(t, change(s.ModelID(), c.sent))
			if s.Value() != c.want {
				t.Errorf("value %d, want %d", s.Value(), c.want)
			}
			if got := methods(b.take(), s.ModelID()); !slices.Equal(got, c.msgs) {
				t.Errorf("messages %q, want %q", got, c.msgs)
			}
		})
	}
}

func TestCallbacksSkipButEndWithTheLast(t *testing.T) {
	open(t)
	s := NewIntSlider("n", 0, 1000, 0)
	release, seen := make(chan bool), make(chan int, 1001)
	s.OnChange(func(v int) {
		seen <- v
		<-release
	})
	for i := 1; i <= 1000; i++ {
		deliver(t, change(s.ModelID(), map[string]any{"value": float64(i)}))
	}
	close(release)
	var got []int
	for len(got) == 0 || got[len(got)-1] != 1000 {
		select {
		case v := <-seen:
			got = append(got, v)
		case <-time.After(time.Minute):
			t.Fatalf("the last value never came; saw %v", got)
		}
	}
	if len(got) > 3 {
		t.Errorf("%d callbacks for 1000 changes during one: %v", len(got), got)
	}
}

func TestSetValueReachesTheBrowserOnce(t *testing.T) {
	b := open(t)
	s := NewFloatSlider("t", 0, 2, 1)
	called := make(chan bool, 1)
	s.OnChange(func(float64) { called <- true })
	b.take()
	s.SetValue(1.5)
	s.SetValue(1.5)
	s.SetValue(9)
	want := []string{`update {"value":1.5}`, `update {"value":2}`}
	if got := methods(b.take(), s.ModelID()); !slices.Equal(got, want) {
		t.Errorf("messages %q, want %q", got, want)
	}
	if len(called) > 0 {
		t.Error("a change from Go ran the callback")
	}
}

func TestButtonClick(t *testing.T) {
	open(t)
	btn := NewButton("go")
	done := make(chan bool)
	btn.OnClick(func() { panic("first callback fails") })
	other := NewButton("other")
	other.OnClick(func() { close(done) })
	click := map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}
	deliver(t, display.CommMessage{Kind: "msg", ID: btn.ModelID(), Data: click})
	deliver(t, display.CommMessage{Kind: "msg", ID: other.ModelID(), Data: click})
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the second button's callback did not run after the first panicked")
	}
}

func TestImageTravelsAsABuffer(t *testing.T) {
	b := open(t)
	im := NewImage(nil)
	b.take()
	if !im.Show(image.NewGray(image.Rect(0, 0, 2, 2))) {
		t.Fatal("an image.Image has no PNG form")
	}
	ms := b.take()
	if len(ms) != 1 || len(ms[0].Buffers) != 1 || !strings.HasPrefix(string(ms[0].Buffers[0]), "\x89PNG") {
		t.Fatalf("messages %+v, want one with a PNG buffer", ms)
	}
	if paths := ms[0].Data["buffer_paths"]; !reflect.DeepEqual(paths, []any{[]any{"value"}}) {
		t.Errorf("buffer_paths %v", paths)
	}
	if _, ok := ms[0].Data["state"].(map[string]any)["value"]; ok {
		t.Error("the bytes are in the state too")
	}
}

func TestReloadedPageGetsAllStates(t *testing.T) {
	b := open(t)
	s := NewIntSlider("n", 0, 10, 4)
	im := NewImage([]byte("pixels"))
	b.take()
	deliver(t, display.CommMessage{Kind: "open", ID: "page", Target: controlTarget})
	deliver(t, display.CommMessage{Kind: "msg", ID: "page", Data: map[string]any{"method": "request_states"}})
	ms := b.take()
	if len(ms) != 1 || ms[0].ID != "page" || ms[0].Data["method"] != "update_states" {
		t.Fatalf("answer %+v", ms)
	}
	states := ms[0].Data["states"].(map[string]any)
	got := states[s.ModelID()].(map[string]any)
	if got["model_name"] != "IntSliderModel" || got["state"].(map[string]any)["value"] != 4.0 {
		t.Errorf("state of the slider %v", got)
	}
	paths, _ := json.Marshal(ms[0].Data["buffer_paths"])
	if !strings.Contains(string(paths), `["`+im.ModelID()+`","state","value"]`) {
		t.Errorf("buffer_paths %s lack the image", paths)
	}
}

func TestStrangersAreClosed(t *testing.T) {
	b := open(t)
	NewLabel("x") // installs the receiver
	b.take()
	deliver(t, change("nobody", map[string]any{"value": 1.0}))
	deliver(t, display.CommMessage{Kind: "open", ID: "new", Target: "other.target"})
	var closed []string
	for _, m := range b.take() {
		if m.Kind == "close" {
			closed = append(closed, m.ID)
		}
	}
	if !slices.Equal(closed, []string{"nobody", "new"}) {
		t.Errorf("closed %v, want both strangers", closed)
	}
}

func TestInteract(t *testing.T) {
	b := open(t)
	s := NewIntSlider("n", 0, 10, 2)
	box := Interact(func() any { return s.Value() * s.Value() }, s)
	out := box.Children()[1].(*Output)
	text := func() string {
		o, _ := json.Marshal(out.get("outputs"))
		return string(o)
	}
	if !strings.Contains(text(), `"text/plain":"4"`) {
		t.Errorf("first output %s", text())
	}
	if still := display.Of(box); still.Text() != "4" || still.Data[viewMIME] == nil {
		t.Errorf("bundle %v, want the view and the value 4 for readers without widgets", still.Data)
	}
	b.take()
	deliver(t, change(s.ModelID(), map[string]any{"value": 9.0}))
	for deadline := time.Now().Add(time.Minute); !strings.Contains(text(), `"text/plain":"81"`); {
		if time.Now().After(deadline) {
			t.Fatalf("output %s, want 81", text())
		}
		time.Sleep(time.Millisecond)
	}
}
