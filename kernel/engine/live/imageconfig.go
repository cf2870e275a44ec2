package live

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// configs are the files that tell the compiler and the linker where the
// packages are. There are five hundred lines in each, and a cell adds one: so
// they are kept in the session's folder and made longer.
type configs struct {
	packages, cells int // how many the files name
	extra           []string
}

func (b *builder) compileConfig() string { return filepath.Join(b.dir, "importcfg") }
func (b *builder) linkConfig() string    { return filepath.Join(b.dir, "importcfg.link") }

// writeConfigs brings the files up to date. What is in the image or a cell is
// linked against; the rest, which extra lists, is linked in.
func (b *builder) writeConfigs() (extra []string, err error) {
	p, c := b.pkgs, &b.configs
	p.mu.Lock()
	defer p.mu.Unlock()
	how := os.O_APPEND
	var compile, link bytes.Buffer
	if c.packages != len(p.archive) {
		how = os.O_CREATE | os.O_TRUNC
		*c = configs{packages: len(p.archive)}
		for path, file := range p.archive {
			fmt.Fprintf(&compile, "packagefile %s=%s\n", path, file)
			switch _, in := p.image.packages[path]; {
			case path == "runtime":
				fmt.Fprintf(&link, "packagefile %s=%s\n", path, p.image.file("runtime.a"))
			case in:
				fmt.Fprintf(&link, "packageshlib %s=%s\n", path, b.stub())
			default:
				fmt.Fprintf(&link, "packagefile %s=%s\n", path, file)
				c.extra = append(c.extra, file)
			}
		}
		slices.Sort(c.extra)
	}
	for _, path := range p.order[c.cells:] {
		fmt.Fprintf(&compile, "packagefile %s=%s\n", path, p.cells[path])
		fmt.Fprintf(&link, "packageshlib %s=%s\n", path, b.stub())
	}
	c.cells = len(p.order)
	for file, text := range map[string][]byte{b.compileConfig(): compile.Bytes(), b.linkConfig(): link.Bytes()} {
		if err := addTo(file, how, text); err != nil {
			*c = configs{} // the next cell writes them anew
			return nil, fmt.Errorf("live: %w", err)
		}
	}
	return c.extra, nil
}

func addTo(file string, how int, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|how, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Close()
}
