package core

import (
	"context"
	"time"
	"unicode/utf8"

	"glownotes/kernel/display"
	"glownotes/kernel/wire"
)

// queryTime bounds completion, inspection and history: whoever asked has typed on.
const queryTime = 10 * time.Second

// kernelInfo serves kernel_info_request.
func (k *Kernel) kernelInfo(context.Context, *request) (any, error) {
	info := k.opts.Engine.Info()
	language := map[string]any{
		"name": info.Name, "version": info.Version, "mimetype": info.MimeType,
		"file_extension": info.FileExtension, "pygments_lexer": info.PygmentsLexer,
		"codemirror_mode": info.CodeMirrorMode, "nbconvert_exporter": "",
	}
	links := append([]HelpLink{}, k.opts.HelpLinks...)
	return map[string]any{
		"status": "ok", "protocol_version": wire.ProtocolVersion,
		"implementation": info.Implementation, "implementation_version": k.opts.Version,
		"language_info": language, "banner": info.Banner, "help_links": links,
		"debugger": false, "supported_features": k.features(),
	}, nil
}

// features are the supported_features that this kernel really has.
func (k *Kernel) features() []string {
	if k.subshells.supported() {
		return []string{"kernel subshells"}
	}
	return []string{}
}

// connect serves connect_request, which the specification calls deprecated.
func (k *Kernel) connect(context.Context, *request) (any, error) {
	reply := map[string]any{"status": "ok"}
	if a, ok := k.opts.Transport.(Addressed); ok {
		info := a.Info()
		reply["shell_port"], reply["iopub_port"] = info.ShellPort, info.IOPubPort
		reply["stdin_port"], reply["hb_port"] = info.StdinPort, info.HBPort
		reply["control_port"] = info.ControlPort
	}
	return reply, nil
}

type cursorRequest struct {
	Code   string `json:"code"`
	Cursor *int   `json:"cursor_pos"` // code points; default: the end
	Detail int    `json:"detail_level"`
}

// read decodes the request; a cursor outside of the code is moved to its edge.
func (q *cursorRequest) read(r *request) (cursor int, err error) {
	if err := r.decode(q); err != nil {
		return 0, err
	}
	end := utf8.RuneCountInString(q.Code)
	if q.Cursor == nil {
		return end, nil
	}
	return max(0, min(*q.Cursor, end)), nil
}

// complete serves complete_request. Nothing found is ok with no matches.
func (k *Kernel) complete(ctx context.Context, r *request) (any, error) {
	var q cursorRequest
	cursor, err := q.read(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	c, err := k.opts.Engine.Complete(ctx, q.Code, cursor)
	if err != nil {
		// An error reply makes front ends show a message for a key press.
		k.log.Warn("core: completion failed", "err", err)
		c = Completion{Start: cursor, End: cursor}
	}
	matches := make([]string, len(c.Items))
	types := make([]map[string]any, len(c.Items))
	for i, item := range c.Items {
		matches[i] = item.Text
		types[i] = map[string]any{
			"text": item.Text, "type": completionType(item.Type),
			"signature": item.Signature, "start": c.Start, "end": c.End,
		}
	}
	return map[string]any{
		"status": "ok", "matches": matches, "cursor_start": c.Start, "cursor_end": c.End,
		// JupyterLab reads it by index: same order and length as matches.
		"metadata": map[string]any{"_jupyter_types_experimental": types},
	}, nil
}

// completionType translates into the words for which front ends have icons,
// which are those of Python.
func completionType(t string) string {
	switch t {
	case "method":
		return "function"
	case "type":
		return "class"
	case "package":
		return "module"
	case "variable", "const":
		return "instance"
	case "field":
		return "property"
	}
	return t
}

// inspect serves inspect_request.
func (k *Kernel) inspect(ctx context.Context, r *request) (any, error) {
	var q cursorRequest
	cursor, err := q.read(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	found, err := k.opts.Engine.Inspect(ctx, q.Code, cursor, q.Detail)
	if err != nil {
		k.log.Warn("core: inspection failed", "err", err)
		found = Inspection{}
	}
	if !found.Found {
		found.Bundle = display.Bundle{}
	}
	data, metadata := k.bundle(found.Bundle)
	return map[string]any{"status": "ok", "found": found.Found, "data": data, "metadata": metadata}, nil
}

// isComplete serves is_complete_request.
func (k *Kernel) isComplete(_ context.Context, r *request) (any, error) {
	var q cursorRequest
	if _, err := q.read(r); err != nil {
		return nil, err
	}
	c := k.opts.Engine.IsComplete(q.Code)
	switch c.Status {
	case "incomplete":
		return map[string]any{"status": c.Status, "indent": c.Indent}, nil
	case "complete", "invalid":
		return map[string]any{"status": c.Status}, nil
	}
	return map[string]any{"status": "unknown"}, nil
}
