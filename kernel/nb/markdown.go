package nb

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"mime"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// markdown renders the text cells of one notebook.
type markdown struct {
	dir string
	gm  goldmark.Markdown
}

func newMarkdown(dir string) *markdown {
	return &markdown{dir: dir, gm: goldmark.New(
		goldmark.WithExtensions(extension.GFM),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		// The notebook's own HTML is kept, as in JupyterLab.
		goldmark.WithRendererOptions(goldhtml.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(goBlocks{}, 100))),
	)}
}

// render turns Markdown into HTML; formulas are taken out before, so that
// Markdown leaves them alone, and put in as MathML afterwards.
func (m *markdown) render(source string, attachments map[string]any) (string, error) {
	source, formulas := cutFormulas(source)
	var b bytes.Buffer
	if err := m.gm.Convert([]byte(source), &b); err != nil {
		return "", err
	}
	return putFormulas(m.inline(b.String(), attachments), formulas), nil
}

// goBlocks renders fenced code blocks: Go with colours.
type goBlocks struct{}

func (g goBlocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		block := n.(*ast.FencedCodeBlock)
		text := string(block.Lines().Value(source))
		if lang := string(block.Language(source)); lang == "go" || lang == "golang" {
			text = highlight(text)
		} else {
			text = html.EscapeString(text)
		}
		w.WriteString("<pre class=\"go\">" + text + "</pre>\n")
		return ast.WalkSkipChildren, nil
	})
}

var imageSource = regexp.MustCompile(`(<img\b[^>]*?\bsrc=")([^"]+)(")`)

// inline replaces the sources of images by their content: attachments of the
// cell and files below the notebook's folder. Others stay as they are.
func (m *markdown) inline(page string, attachments map[string]any) string {
	return imageSource.ReplaceAllStringFunc(page, func(tag string) string {
		parts := imageSource.FindStringSubmatch(tag)
		src, err := url.PathUnescape(html.UnescapeString(parts[2]))
		if err != nil {
			return tag
		}
		if data := m.dataURI(src, attachments); data != "" {
			return parts[1] + data + parts[3]
		}
		return tag
	})
}

// maxInline bounds the image files that are put into a page.
const maxInline = 16 << 20

func (m *markdown) dataURI(src string, attachments map[string]any) string {
	if name, ok := strings.CutPrefix(src, "attachment:"); ok {
		bundle, _ := attachments[name].(map[string]any)
		for _, kind := range richest {
			if s, ok := bundle[kind].(string); ok && strings.HasPrefix(kind, "image/") {
				return "data:" + kind + ";base64," + html.EscapeString(strings.Join(strings.Fields(s), ""))
			}
		}
		return ""
	}
	kind := mime.TypeByExtension(path.Ext(src))
	if m.dir == "" || !filepath.IsLocal(src) || !strings.HasPrefix(kind, "image/") {
		return ""
	}
	root, err := os.OpenRoot(m.dir) // a link cannot lead out of the folder
	if err != nil {
		return ""
	}
	defer root.Close()
	if st, err := root.Stat(src); err != nil || st.Size() > maxInline {
		return ""
	}
	b, err := root.ReadFile(src)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("data:%s;base64,%s", kind, base64.StdEncoding.EncodeToString(b))
}
