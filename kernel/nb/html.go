package nb

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

//go:embed page.css
var pageStyle string

// HTMLOptions steer the export to HTML.
type HTMLOptions struct {
	Title string // of the page, when no heading of the notebook gives one
	Dir   string // where relative image paths of Markdown cells are looked up; "" leaves them
}

// HTML writes the notebook as one page that needs no other file, script or
// network: pictures are inside, formulas are MathML, the colours follow the
// reader's light or dark setting. The tags hide-input, hide-output, hide-cell,
// remove-input, remove-output and remove-cell (conventions of Jupyter Book) and
// JupyterLab's own collapsing of a cell are obeyed.
func HTML(n *Notebook, opts HTMLOptions) ([]byte, error) {
	md := newMarkdown(opts.Dir)
	var body strings.Builder
	for i, c := range n.Cells {
		if c.HasTag("remove-cell") {
			continue
		}
		text, err := cellHTML(md, c)
		if err != nil {
			return nil, fmt.Errorf("nb: cell %d: %w", i, err)
		}
		if c.HasTag("hide-cell") {
			text = folded("cell", text)
		}
		fmt.Fprintf(&body, "<section class=\"%s\" id=\"cell-%s\">\n%s</section>\n", c.Type, c.ID, text)
	}
	title := n.title()
	if title == "" {
		title = opts.Title
	}
	page := "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n" +
		"<title>" + html.EscapeString(title) + "</title>\n<style>\n" + pageStyle + "</style>\n</head>\n<body>\n<main>\n" +
		body.String() + "</main>\n</body>\n</html>\n"
	return []byte(page), nil
}

// title is metadata.title or the first heading.
func (n *Notebook) title() string {
	if t, ok := n.Metadata["title"].(string); ok && t != "" {
		return t
	}
	for _, c := range n.Cells {
		if c.Type != Markdown {
			continue
		}
		for line := range strings.Lines(c.Source) {
			if t, ok := strings.CutPrefix(line, "# "); ok {
				return strings.Trim(strings.TrimSpace(t), "#*_` ")
			}
		}
	}
	return ""
}

func folded(what, text string) string {
	return "<details><summary>" + what + "</summary>\n" + text + "</details>\n"
}

func cellHTML(md *markdown, c *Cell) (string, error) {
	switch c.Type {
	case Markdown:
		return md.render(c.Source, c.Attachments)
	case Raw:
		return "<pre class=\"raw\">" + html.EscapeString(c.Source) + "</pre>\n", nil
	}
	jupyter, _ := c.Metadata["jupyter"].(map[string]any)
	var b strings.Builder
	if source := strings.TrimRight(c.Source, "\n"); source != "" && !c.HasTag("remove-input") {
		text := "<pre class=\"go\">" + highlight(source) + "</pre>\n"
		if hidden, _ := jupyter["source_hidden"].(bool); hidden || c.HasTag("hide-input") {
			text = folded("code", text)
		}
		count := ""
		if c.ExecutionCount > 0 {
			count = fmt.Sprint(c.ExecutionCount)
		}
		b.WriteString("<div class=\"in\"><span class=\"count\">" + count + "</span>" + text + "</div>\n")
	}
	if len(c.Outputs) == 0 || c.HasTag("remove-output") {
		return b.String(), nil
	}
	var outs strings.Builder
	for i, o := range c.Outputs {
		text, err := outputHTML(md, o)
		if err != nil {
			return "", fmt.Errorf("output %d: %w", i, err)
		}
		outs.WriteString(text)
	}
	text := outs.String()
	if hidden, _ := jupyter["outputs_hidden"].(bool); hidden || c.HasTag("hide-output") {
		text = folded("output", text)
	}
	b.WriteString("<div class=\"out\">\n" + text + "</div>\n")
	return b.String(), nil
}

func outputHTML(md *markdown, o *Output) (string, error) {
	switch o.Type {
	case Stream:
		return "<pre class=\"" + html.EscapeString(o.Name) + "\">" + ansiHTML(o.Text) + "</pre>\n", nil
	case ErrorOutput:
		text := strings.Join(o.Traceback, "\n")
		if text == "" {
			text = o.EName + ": " + o.EValue
		}
		return "<pre class=\"error\">" + ansiHTML(text) + "</pre>\n", nil
	}
	return bundleHTML(md, o.Data, o.Metadata)
}

// richest is the order in which representations are preferred: nbconvert's,
// without those that need a script.
var richest = []string{
	"text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "image/gif", "image/webp",
	"text/plain", "application/json",
}

func bundleHTML(md *markdown, data, meta map[string]any) (string, error) {
	for _, mime := range richest {
		v, ok := data[mime]
		if !ok {
			continue
		}
		text, isText := v.(string)
		if b, ok := v.([]byte); ok && !strings.HasPrefix(mime, "image/") {
			text, isText = string(b), true
		}
		switch {
		case strings.HasPrefix(mime, "image/"):
			return "<p class=\"picture\">" + imageHTML(mime, v, data, meta) + "</p>\n", nil
		case mime == "application/json":
			b, err := json.MarshalIndent(v, "", "  ")
			return folded("JSON", "<pre>"+html.EscapeString(string(b))+"</pre>\n"), err
		case !isText:
			continue
		case mime == "text/html":
			return "<div class=\"html\">" + text + "</div>\n", nil
		case mime == "text/markdown":
			return md.render(text, nil)
		case mime == "text/latex":
			return "<p>" + latexHTML(text) + "</p>\n", nil
		}
		return "<pre class=\"result\">" + ansiHTML(text) + "</pre>\n", nil
	}
	return "", nil
}

// imageHTML puts a picture into the page. SVG becomes an image, too, so that
// its names and styles stay its own.
func imageHTML(mime string, v any, data, meta map[string]any) string {
	encoded := ""
	switch v := v.(type) {
	case []byte:
		encoded = base64.StdEncoding.EncodeToString(v)
	case string:
		if mime == "image/svg+xml" {
			encoded = base64.StdEncoding.EncodeToString([]byte(v))
		} else {
			encoded = strings.Join(strings.Fields(v), "")
		}
	}
	size := ""
	own, _ := meta[mime].(map[string]any)
	for _, side := range []string{"width", "height"} {
		if x, ok := own[side]; ok {
			size += fmt.Sprintf(` %s="%s"`, side, html.EscapeString(fmt.Sprint(x)))
		}
	}
	alt, _ := data["text/plain"].(string)
	alt, _, _ = strings.Cut(alt, "\n")
	return fmt.Sprintf(`<img alt="%s"%s src="data:%s;base64,%s">`, html.EscapeString(alt), size, mime, html.EscapeString(encoded))
}
