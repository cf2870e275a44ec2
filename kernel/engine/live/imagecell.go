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

	"glownotes/kernel/engine/solink"
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

// alwaysWanted are symbols that the Go linker itself refers to.
var alwaysWanted = []string{
	"runtime.unreachableMethod", "runtime.mapinitnoop", "runtime.lastmoduledatap", "runtime.tlsg",
	"type:runtime.moduledata", "go:link.abihash." + imageName,
}

// buildImage makes a plugin that is linked against the image and against the
// cells before it.
func (b *builder) buildImage(ctx context.Context, n *bench, serial int, s sourceFiles, out *built) error {
	path, dir := cellPath(serial), n.dir
	extra, err := b.writeConfigs()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cell.go"), s.text, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if err := b.compileCell(ctx, n, b.compileConfig(), path, out.archive, s, "-linkshared"); err != nil {
		return err
	}
	if err := b.writeStub(out.archive, extra); err != nil {
		return err
	}
	objects := filepath.Join(dir, objectsDir)
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	defer os.RemoveAll(objects)
	if len(extra) > 0 {
		n = &bench{dir: dir} // the tool that waits has one thread
	}
	log, err := b.goLink(ctx, n, noProgram, path, out.archive, out.plugin, b.linkConfig(), objects, b.linkEnv(extra), "-linkshared")
	if err != nil {
		return err
	}
	plugin, err := b.shared(ctx, dir, log, filepath.Join(objects, "go.o"), out.plugin)
	if err != nil {
		return err
	}
	out.library, err = stublib.Read(plugin)
	return err
}

// shared makes the plugin of the linker's object and returns its content. If
// there are other objects too, those of C code, or anything that package solink
// does not know, it takes ld.
func (b *builder) shared(ctx context.Context, dir string, log []byte, object, plugin string) ([]byte, error) {
	data, err := os.ReadFile(object)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	changed := cutSuffixes(data)
	args, err := ldArgs(log)
	if err != nil {
		return nil, err
	}
	args = b.imageArgs(args)
	if onlyObject(args, object, b.stub()) {
		if out, err := solink.Link(data, imageName); err == nil {
			if err := os.WriteFile(plugin, out, 0o700); err != nil {
				return nil, fmt.Errorf("live: %w", err)
			}
			return out, nil
		}
	}
	if changed {
		if err := os.WriteFile(object, data, 0o600); err != nil {
			return nil, fmt.Errorf("live: %w", err)
		}
	}
	if _, err = b.tool(ctx, dir, nil, b.tc.ld, args...); err != nil {
		return nil, err
	}
	if data, err = os.ReadFile(plugin); err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	return data, nil
}

// onlyObject tells whether the arguments of ld name no other files to be linked
// than one object and the stub of the image.
func onlyObject(args []string, object, stub string) bool {
	for i, a := range args {
		isFile := !strings.HasPrefix(a, "-") && (i == 0 || args[i-1] != "-o" && args[i-1] != "-z" && args[i-1] != "-m")
		if strings.HasPrefix(a, "-l") || isFile && a != object && a != stub {
			return false
		}
	}
	return true
}

// linkEnv are settings of the linker: in image mode, with no packages to be
// linked in, there is too little to do for more than one thread.
func (b *builder) linkEnv(extra []string) []string {
	if b.pkgs.image == nil || len(extra) > 0 {
		return nil
	}
	return []string{"GOMAXPROCS=1"}
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
func cutSuffixes(object []byte) (changed bool) {
	old := bytes.Clone(object)
	stublib.CutSuffix(object, cellPrefix)
	return !bytes.Equal(old, object)
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
