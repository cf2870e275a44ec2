package live

import (
	"bytes"
	"context"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"glownotes/kernel/engine/stublib"
)

// imageImports make the linker take symbols of these packages for what they
// are: without runtime/cgo a cell would not match the host, without plugin maps
// of packages would stay empty.
const imageImports = "import _ \"runtime/cgo\"\nimport _ \"plugin\"\n"

// imageDecls is what a cell needs in image mode. A main package can be linked
// against there, and the linker keeps all that is exported from one; types that
// nobody uses yet need a mention. What is exported must not have a named type of
// another package: the linker's table of exports refers to the type, which has
// to be part of the plugin.
func (u *unit) imageDecls() string {
	var b strings.Builder
	var kept []string
	for id, obj := range u.info.Defs {
		tn, ok := obj.(*types.TypeName)
		if !ok || tn.Parent() != u.pkg.Scope() || tn.IsAlias() || id.Name == "_" {
			continue
		}
		if named, ok := tn.Type().(*types.Named); !ok || named.TypeParams().Len() > 0 {
			continue
		}
		if it, ok := tn.Type().Underlying().(*types.Interface); ok && !it.IsMethodSet() {
			continue
		}
		kept = append(kept, "(*"+tn.Name()+")(nil)")
	}
	slices.Sort(kept)
	if len(kept) > 0 {
		fmt.Fprintf(&b, "var %s = []any{%s}\n", keepName, strings.Join(kept, ", "))
	}
	b.WriteString("func main() {}\n")
	return b.String()
}

const keepName = mark + mark + "keep"

// cellSymbols are the symbols of the cells that the present host has loaded.
type cellSymbols struct {
	mu        sync.Mutex
	table     stublib.Table
	undefined map[string][]string // of archives that are linked into cells
}

// reset forgets the cells: another host starts.
func (c *cellSymbols) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table = stublib.Table{}
}

// present is the table of the present host; who has the turn may use it.
func (c *cellSymbols) present() stublib.Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.table
}

// readPlugin reads what later cells need to know of a plugin.
func readPlugin(file string) (*stublib.Library, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	return stublib.Read(data)
}

// alwaysWanted are symbols that the Go linker itself refers to.
var alwaysWanted = []string{
	"runtime.unreachableMethod", "runtime.mapinitnoop", "runtime.lastmoduledatap", "runtime.tlsg",
	"type:runtime.moduledata", "go:link.abihash." + imageName,
}

// buildImage makes a plugin that is linked against the image and against the
// cells before it.
func (b *builder) buildImage(ctx context.Context, dir string, serial int, s sourceFiles, out *built) error {
	path := cellPath(serial)
	compile, link, extra := b.pkgs.imageConfigs(b.stub())
	for name, data := range map[string][]byte{"importcfg": compile, "importcfg.link": link, "cell.go": s.text} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("live: %w", err)
		}
	}
	if err := b.compileCell(ctx, dir, path, out.archive, s, "-linkshared"); err != nil {
		return err
	}
	if err := b.writeStub(out.archive, extra); err != nil {
		return err
	}
	objects := filepath.Join(dir, "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	defer os.RemoveAll(objects)
	var env []string
	if len(extra) == 0 {
		env = []string{"GOMAXPROCS=1"} // there is too little to do for more threads
	}
	log, err := b.goLink(ctx, dir, path, out.archive, out.plugin, "importcfg.link", objects, env, "-linkshared")
	if err != nil {
		return err
	}
	if err := cutSuffixes(filepath.Join(objects, "go.o")); err != nil {
		return err
	}
	args, err := ldArgs(log)
	if err != nil {
		return err
	}
	if _, err = b.tool(ctx, dir, b.tc.ld, b.imageArgs(args)...); err != nil {
		return err
	}
	out.library, err = readPlugin(out.plugin)
	return err
}

func (b *builder) stub() string { return filepath.Join(b.dir, imageName) }

// writeStub writes what the linkers see of the image and of earlier cells.
func (b *builder) writeStub(archive string, extra []string) error {
	wanted := slices.Concat(alwaysWanted, b.pkgs.image.undefined)
	data, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	names, err := stublib.Undefined(data)
	if err != nil {
		return err
	}
	wanted = append(wanted, names...)
	types, err := stublib.Undefine(data, func(name string) bool { return stublib.Has(b.pkgs.image.index, name) })
	if err != nil {
		return err
	}
	if len(types) > 0 {
		if err := os.WriteFile(archive, data, 0o600); err != nil {
			return fmt.Errorf("live: %w", err)
		}
	}
	for _, file := range extra {
		names, ok := b.cells.undefined[file]
		if !ok {
			if data, err = os.ReadFile(file); err != nil {
				return fmt.Errorf("live: %w", err)
			}
			if names, err = stublib.Undefined(data); err != nil {
				return err
			}
			if b.cells.undefined == nil {
				b.cells.undefined = map[string][]string{}
			}
			b.cells.undefined[file] = names
		}
		wanted = append(wanted, names...)
	}
	sources := []stublib.Source{b.pkgs.image.index, b.cells.present()}
	stub, _ := stublib.Write(imageName, b.pkgs.image.index.Notes, sources, wanted, types)
	if err := os.WriteFile(b.stub(), stub, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// cutSuffixes makes references to functions of earlier cells match.
func cutSuffixes(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	old := bytes.Clone(data)
	stublib.CutSuffix(data, cellPrefix)
	if bytes.Equal(old, data) {
		return nil
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// imageArgs names the stub where the linker meant to search for the library.
func (b *builder) imageArgs(args []string) []string {
	var out []string
	for _, a := range args {
		switch {
		case a == "-l"+strings.TrimSuffix(strings.TrimPrefix(imageName, "lib"), ".so"):
			out = append(out, b.stub())
		case strings.HasPrefix(a, "-rpath="):
		default:
			out = append(out, a)
		}
	}
	return out
}

// imageConfigs are the configurations of the compiler and the linker: what is
// in the image or a cell is linked against, the rest, which extra lists, is
// linked in.
func (p *packages) imageConfigs(stub string) (compile, link []byte, extra []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var c, l bytes.Buffer
	for path, file := range p.archive {
		fmt.Fprintf(&c, "packagefile %s=%s\n", path, file)
		switch _, in := p.image.packages[path]; {
		case path == "runtime":
			fmt.Fprintf(&l, "packagefile %s=%s\n", path, p.image.file("runtime.a"))
		case in:
			fmt.Fprintf(&l, "packageshlib %s=%s\n", path, stub)
		default:
			fmt.Fprintf(&l, "packagefile %s=%s\n", path, file)
			extra = append(extra, file)
		}
	}
	for path, file := range p.cells {
		fmt.Fprintf(&c, "packagefile %s=%s\n", path, file)
		fmt.Fprintf(&l, "packageshlib %s=%s\n", path, stub)
	}
	slices.Sort(extra)
	return c.Bytes(), l.Bytes(), extra
}
