package live

import (
	"context"

	"glownotes/kernel/core"
)

func (e *Engine) Complete(ctx context.Context, code string, cursor int) (core.Completion, error) {
	return core.Completion{Start: cursor, End: cursor}, nil
}
func (e *Engine) Inspect(ctx context.Context, code string, cursor, detail int) (core.Inspection, error) {
	return core.Inspection{}, nil
}
func (e *Engine) IsComplete(code string) core.Completeness { return core.Completeness{} }
