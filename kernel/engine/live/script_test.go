package live

import (
	"context"
	"strings"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// output records what a cell shows, as text.
type output struct {
	mu     sync.Mutex
	text   strings.Builder
	inputs []string
}

func (o *output) add(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(s)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) Stream(name, text string) {
	if name == "stderr" {
		text = "!" + text
	}
	o.add(text)
}
func (o *output) Display(b display.Bundle, id string) { o.add("[show " + b.Text() + "]") }
func (o *output) Update(b display.Bundle, id string)  { o.add("[update " + b.Text() + "]") }
func (o *output) Clear(wait bool)                     { o.add("[clear]") }
func (o *output) Comm(m core.CommMessage)             { o.add("[comm " + m.Kind + "]") }
func (o *output) Input(ctx context.Context, prompt string, password bool) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.inputs) == 0 {
		return "", core.ErrNoInput
	}
	s := o.inputs[0]
	o.inputs = o.inputs[1:]
	return s, nil
}

