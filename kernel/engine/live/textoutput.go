package live

import (
	"context"
	"strings"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// A textOutput keeps what trial cells print.
type textOutput struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *textOutput) Stream(name, text string) {
	if name != "stdout" {
		return // notes
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(text)
}
func (o *textOutput) Display(display.Bundle, string) {}
func (o *textOutput) Update(display.Bundle, string)  {}
func (o *textOutput) Clear(bool)                     {}
func (o *textOutput) Comm(core.CommMessage)          {}
func (o *textOutput) Input(context.Context, string, bool) (string, error) {
	return "", core.ErrNoInput
}
