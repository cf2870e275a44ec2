package notebooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxSize keeps a notebook quick to open and to review.
const maxSize = 300 << 10

type notebook struct {
	Cells []struct {
		Type    string   `json:"cell_type"`
		ID      string   `json:"id"`
		Count   *int     `json:"execution_count"`
		Source  anyLines `json:"source"`
		Outputs []struct {
			Type string              `json:"output_type"`
			Name string              `json:"ename"`
			Data map[string]anyLines `json:"data"`
			Text anyLines            `json:"text"`
		} `json:"outputs"`
	} `json:"cells"`
	Metadata struct {
		Kernelspec struct{ Name string } `json:"kernelspec"`
		Glownotes  struct {
			Smoke map[string]string `json:"smoke"`
		} `json:"glownotes"`
	} `json:"metadata"`
	Format int `json:"nbformat"`
	Minor  int `json:"nbformat_minor"`
}

// anyLines is nbformat's multi-line string: a string or a list of them. Other
// JSON (a widget view, a chart) is kept as its text.
type anyLines string

func (a *anyLines) UnmarshalJSON(data []byte) error {
	var one string
	var many []string
	switch {
	case json.Unmarshal(data, &one) == nil:
		*a = anyLines(one)
	case json.Unmarshal(data, &many) == nil:
		*a = anyLines(strings.Join(many, ""))
	default:
		*a = anyLines(data)
	}
	return nil
}

func load(t *testing.T, file string) (nb notebook, size int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &nb); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return nb, len(text)
}

func all(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatalf("no notebooks found: %v", err)
	}
	return files
}

// ownPath finds paths that name the machine on which a notebook was run.
var ownPath = regexp.MustCompile(`(?:^|[\s"'=(:])(/(?:home|root|work|tmp|Users)/\S*)`)

// TestCommitted checks what a reader gets who only looks: every code cell was
// executed in order, nothing failed, nothing names the author's machine.
func TestCommitted(t *testing.T) {
	for _, file := range all(t) {
		t.Run(file, func(t *testing.T) {
			nb, size := load(t, file)
			if size > maxSize {
				t.Errorf("%d KiB, more than %d", size>>10, maxSize>>10)
			}
			if nb.Format != 4 || nb.Minor != 5 || nb.Metadata.Kernelspec.Name != "glownotes" {
				t.Errorf("format %d.%d, kernel %q; want 4.5 and glownotes", nb.Format, nb.Minor, nb.Metadata.Kernelspec.Name)
			}
			count := 0
			for _, c := range nb.Cells {
				if c.Type != "code" || strings.TrimSpace(string(c.Source)) == "" {
					continue
				}
				count++
				if c.Count == nil || *c.Count != count {
					t.Errorf("cell %s: execution count %v, want %d: run the whole notebook again", c.ID, deref(c.Count), count)
				}
				texts := []anyLines{c.Source}
				for _, o := range c.Outputs {
					if o.Type == "error" {
						t.Errorf("cell %s: output is an error: %s", c.ID, o.Name)
					}
					texts = append(texts, o.Text, o.Data["text/plain"], o.Data["text/html"])
				}
				for _, text := range texts {
					if m := ownPath.FindStringSubmatch(string(text)); m != nil {
						t.Errorf("cell %s: path of the author's machine: %s", c.ID, m[1])
					}
				}
			}
		})
	}
}

func deref(p *int) any {
	if p == nil {
		return nil
	}
	return *p
}

// TestRun executes every notebook in its short form with the command that the
// README names, and checks that it really ran. The kernel is built once.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every notebook; not in -short")
	}
	kernel := filepath.Join(t.TempDir(), "kernel")
	if out, err := exec.Command("go", "build", "-o", kernel, "glownotes/kernel").CombinedOutput(); err != nil {
		t.Fatalf("go build glownotes/kernel: %v\n%s", err, out)
	}
	for _, file := range all(t) {
		t.Run(file, func(t *testing.T) {
			nb, _ := load(t, file)
			done := filepath.Join(t.TempDir(), "done.ipynb")
			args := []string{"run", file, "-o", done, "--html", filepath.Join(t.TempDir(), "done.html")}
			for _, name := range slices.Sorted(maps.Keys(nb.Metadata.Glownotes.Smoke)) {
				args = append(args, "-p", fmt.Sprintf("%s=%s", name, nb.Metadata.Glownotes.Smoke[name]))
			}
			if out, err := exec.Command(kernel, args...).CombinedOutput(); err != nil {
				t.Fatalf("kernel %s: %v\n%s", strings.Join(args, " "), err, tail(out))
			}
			ran, _ := load(t, done)
			for _, c := range ran.Cells {
				if c.Type == "code" && strings.TrimSpace(string(c.Source)) != "" && c.Count == nil {
					t.Errorf("cell %s did not run", c.ID)
				}
			}
		})
	}
}

// tail keeps the end of a long output, where the failing cell's error stands.
func tail(out []byte) string {
	const most = 6000
	if len(out) > most {
		return "..." + string(out[len(out)-most:])
	}
	return string(out)
}
