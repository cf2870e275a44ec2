package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"glownotes/cglow"
)

// A Manifest says what a result was made with: enough to make it again.
type Manifest struct {
	Commit  string // of the working directory's repository; "+" behind it: with changes
	Seed    uint64 // of the model
	Config  string // first 12 digits of the SHA-256 of the model's and the run's configuration
	Data    string
	Steps   int
	Seconds float64 // of training
	Machine string
	Go      string
	Date    string // UTC
}

// NewManifest describes a finished run on the data set called name.
func NewManifest(r *Result, cfg Config, name string) (Manifest, error) {
	m := r.Model
	text, err := json.Marshal(struct {
		Model cglow.Config
		Run   Config
	}{m.Config(), cfg})
	if err != nil {
		return Manifest{}, fmt.Errorf("train: %w", err)
	}
	sum := sha256.Sum256(text)
	return Manifest{
		Commit: commit(), Seed: m.Seed(), Config: hex.EncodeToString(sum[:])[:12], Data: name,
		Steps: r.Steps, Seconds: r.Elapsed.Seconds(), Machine: machine(),
		Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly),
	}, nil
}

// rows lists the manifest as names and values.
func (m Manifest) rows() [][2]string {
	return [][2]string{
		{"commit", m.Commit}, {"seed", fmt.Sprint(m.Seed)}, {"configuration", m.Config}, {"data", m.Data},
		{"steps", fmt.Sprint(m.Steps)}, {"training", fmt.Sprintf("%.1f s", m.Seconds)},
		{"machine", m.Machine}, {"Go", m.Go}, {"date", m.Date},
	}
}

// String is the manifest as lines of text.
func (m Manifest) String() string {
	var b strings.Builder
	for _, r := range m.rows() {
		fmt.Fprintf(&b, "%-14s %s\n", r[0], r[1])
	}
	return strings.TrimRight(b.String(), "\n")
}

// Markdown is the manifest as a table.
func (m Manifest) Markdown() string {
	b := strings.Builder{}
	b.WriteString("| made with | |\n|---|---|\n")
	for _, r := range m.rows() {
		fmt.Fprintf(&b, "| %s | %s |\n", r[0], r[1])
	}
	return b.String()
}

// commit asks git, and answers "unknown" outside a repository.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	id := strings.TrimSpace(string(out))
	// Notebooks change when they run; what they were made with is the code.
	if changed, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no", "--", ":/*.go", ":/go.mod").Output(); err == nil && len(changed) > 0 {
		id += "+"
	}
	return id
}

// machine names the processor and how much of it Go uses.
func machine() string {
	name := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if k, v, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(k) == "model name" {
				name = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.GOMAXPROCS(0), runtime.GOOS)
}
