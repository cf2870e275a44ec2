package jupyter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// A Spec is the content of kernel.json ("Kernel specs" in the documentation
// of jupyter_client).
type Spec struct {
	Argv          []string          `json:"argv"` // {connection_file} is replaced by the client
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"` // "message" or "signal"
	Env           map[string]string `json:"env,omitempty"`
	Metadata      map[string]any    `json:"metadata,omitempty"`
}

// Install writes the spec and the logos to kernelsDir/name and returns that
// folder. An existing spec of this name is replaced as a whole.
func (s Spec) Install(kernelsDir, name string) (string, error) {
	if err := os.MkdirAll(kernelsDir, 0o755); err != nil {
		return "", fmt.Errorf("jupyter: %w", err)
	}
	files, err := s.files()
	if err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(kernelsDir, "."+name+"-*")
	if err != nil {
		return "", fmt.Errorf("jupyter: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", fmt.Errorf("jupyter: %w", err)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(tmp, file), content, 0o644); err != nil {
			return "", fmt.Errorf("jupyter: %w", err)
		}
	}
	dir := filepath.Join(kernelsDir, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("jupyter: replacing %s: %w", dir, err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return "", fmt.Errorf("jupyter: %w", err)
	}
	return dir, nil
}

func (s Spec) files() (map[string][]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("jupyter: %w", err)
	}
	files := map[string][]byte{"kernel.json": b.Bytes(), "logo-svg.svg": []byte(LogoSVG())}
	for _, size := range []int{32, 64} { // the sizes that Jupyter asks for
		png, err := LogoPNG(size)
		if err != nil {
			return nil, err
		}
		files[fmt.Sprintf("logo-%dx%d.png", size, size)] = png
	}
	return files, nil
}

// ReadSpec reads an installed spec: the folder is kernelsDir/name.
func ReadSpec(kernelsDir, name string) (Spec, error) {
	file := filepath.Join(kernelsDir, name, "kernel.json")
	b, err := os.ReadFile(file)
	if err != nil {
		return Spec{}, fmt.Errorf("jupyter: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(b, &s); err != nil {
		return Spec{}, fmt.Errorf("jupyter: %s: %w", file, err)
	}
	return s, nil
}
