package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/stublib"
)

// imageFlags compile packages so that what refers to them does it by name:
// parts of the image and cells that are linked against it.
var imageFlags = []string{"-gcflags=all=-linkshared", "-asmflags=all=-linkshared"}

// imageSupport tells why this machine cannot have an image, nil if it can.
func imageSupport(tc *toolchain) error {
	if runtime.GOOS != "linux" || tc.env["GOARCH"] != "amd64" {
		return &imageError{fmt.Sprintf("fast cells are written for linux/amd64, this is %s/%s", runtime.GOOS, tc.env["GOARCH"])}
	}
	return nil
}

// An imageBuilder builds an image.
type imageBuilder struct {
	tc       *toolchain
	ix       *index
	dir      string
	progress func(core.Progress)
	check    func(context.Context, *image) error // runs cells with it
}

// build builds the image, unless another process does it meanwhile: then it
// waits for that. A failure is written down, so that it is not tried at every
// start; retry does it in spite of that.
func (b *imageBuilder) build(ctx context.Context, retry bool) error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	b.progress(core.Progress{Stage: "building the image of packages", Done: -1})
	l, err := waitLock(ctx, filepath.Join(b.dir, "build.lock"))
	if err != nil {
		return err
	}
	defer l.unlock()
	if retry {
		os.Remove(filepath.Join(b.dir, "failed"))
	}
	im, err := openImage(b.dir)
	if im != nil {
		im.release()
	}
	if !errors.Is(err, errNoImage) {
		return err
	}
	err = b.make(ctx)
	if err == nil {
		b.progress(core.Progress{Stage: "built the image of packages", Done: 1, Final: true})
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := fmt.Sprintf("the image could not be built: %v", err)
	_ = writeFile(filepath.Join(b.dir, "failed"), []byte(reason))
	os.Remove(filepath.Join(b.dir, imageName))
	return &imageError{reason}
}

// make goes through the steps; ready is written when cells have run.
func (b *imageBuilder) make(ctx context.Context) error {
	list, err := b.compile(ctx)
	if err != nil {
		return err
	}
	if err := b.keep(list); err != nil {
		return err
	}
	b.progress(core.Progress{Stage: "linking the image of packages", Done: -1})
	if err := b.link(ctx, list); err != nil {
		return err
	}
	if err := b.host(ctx, list); err != nil {
		return err
	}
	if err := b.writeIndex(); err != nil {
		return err
	}
	if err := b.standIn(ctx, list); err != nil {
		return err
	}
	b.progress(core.Progress{Stage: "trying cells with the image of packages", Done: -1})
	if err := os.WriteFile(filepath.Join(b.dir, "ready"), nil, 0o600); err != nil {
		return err
	}
	im, err := openImage(b.dir)
	if err == nil {
		err = b.check(ctx, im)
		im.release()
	}
	if err != nil {
		os.Remove(filepath.Join(b.dir, "ready"))
	}
	return err
}

// compile compiles all packages and lists them.
func (b *imageBuilder) compile(ctx context.Context) ([]imagePackage, error) {
	want := append(imagePaths(b.ix), "./kernel/cellhost")
	total, done := 0, 0
	line := func(l string) {
		if strings.ContainsAny(l, " :") || l == "" {
			return
		}
		if done == 0 {
			out, err := b.tc.run(ctx, nil, append([]string{"list", "-deps"}, want...)...)
			if err == nil {
				total = bytes.Count(out, []byte("\n"))
			}
		}
		done++
		b.progress(core.Progress{Stage: "compiling for the image of packages: " + l, Done: float64(done) / float64(max(total, done+1))})
	}
	args := slices.Concat([]string{"list", "-export", "-deps", "-v", "-buildmode=plugin", "-trimpath", "-f", listFormat}, imageFlags, want)
	out, err := b.tc.run(ctx, line, args...)
	if err != nil {
		return nil, listError(err)
	}
	var list []imagePackage
	for l := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) == 3 && f[1] != "main" && !notInImage(f[0]) {
			list = append(list, imagePackage{path: f[0], name: f[1], archive: f[2]})
		}
	}
	if len(list) == 0 {
		return nil, errors.New("go list found no packages")
	}
	slices.SortFunc(list, func(a, b imagePackage) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

// An imagePackage is a package with its archive in Go's build cache, which
// names its content, and in the image's folder.
type imagePackage struct{ path, name, archive, kept string }

// keep links the archives into the image's folder: Go removes what is in its
// build cache after some days.
func (b *imageBuilder) keep(list []imagePackage) error {
	dir := filepath.Join(b.dir, "pkg")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	var table strings.Builder
	for i := range list {
		name := filepath.Join("pkg", fmt.Sprintf("%d.a", i))
		list[i].kept = filepath.Join(b.dir, name)
		if err := linkOrCopy(list[i].archive, list[i].kept); err != nil {
			return err
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\t%s\n", list[i].path, list[i].name, list[i].archive, name)
	}
	return writeFile(filepath.Join(b.dir, "packages.txt"), []byte(table.String()))
}

func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// link makes the shared library of all packages.
func (b *imageBuilder) link(ctx context.Context, list []imagePackage) error {
	var cfg strings.Builder
	args := []string{"-o", imageName, "-importcfg", "importcfg", "-installsuffix", "dynlink", "-buildmode=shared", "-s", "-w", "-extld=" + b.tc.env["CC"]}
	for _, p := range list {
		fmt.Fprintf(&cfg, "packagefile %s=%s\n", p.path, p.kept)
		args = append(args, p.path+"="+p.kept)
	}
	if err := writeFile(filepath.Join(b.dir, "importcfg"), []byte(cfg.String())); err != nil {
		return err
	}
	return b.tool(ctx, b.dir, "link", args...)
}

// host compiles the cell host and links it against the library.
func (b *imageBuilder) host(ctx context.Context, list []imagePackage) error {
	dir := filepath.Join(b.tc.root, "kernel", "cellhost")
	out, err := b.tc.run(ctx, nil, "list", "-f", "{{range .GoFiles}}{{.}}\n{{end}}", "./kernel/cellhost")
	if err != nil {
		return err
	}
	importcfg := filepath.Join(b.dir, "importcfg")
	archive := filepath.Join(b.dir, "host.a")
	args := []string{"-o", archive, "-trimpath", dir + "=>glownotes/kernel/cellhost", "-p", "main", "-lang=" + b.tc.lang,
		"-installsuffix", "dynlink", "-goversion", b.tc.version, "-dynlink", "-linkshared", "-nolocalimports", "-importcfg", importcfg, "-pack"}
	if err := b.tool(ctx, dir, "compile", append(args, strings.Fields(string(out))...)...); err != nil {
		return err
	}
	defer os.Remove(archive)
	cfg, err := os.ReadFile(importcfg)
	if err != nil {
		return err
	}
	for _, p := range list {
		cfg = fmt.Appendf(cfg, "packageshlib %s=%s\n", p.path, filepath.Join(b.dir, imageName))
	}
	if err := writeFile(importcfg+".host", cfg); err != nil {
		return err
	}
	defer os.Remove(importcfg + ".host")
	return b.tool(ctx, b.dir, "link", "-o", "host", "-importcfg", "importcfg.host", "-installsuffix", "dynlink",
		"-buildmode=exe", "-linkshared", "-s", "-w", "-extld="+b.tc.env["CC"], "-r", b.dir, archive)
}

// tool runs a tool of the toolchain, at low priority if nobody waits.
func (b *imageBuilder) tool(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(b.tc.toolDir, name), args...)
	cmd.Dir = dir
	cmd.Env = append(b.tc.environ(), "GOROOT=") // as the go command does with -trimpath
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := b.tc.keeper.run(cmd, b.tc.polite); err != nil {
		return &toolError{name, err, strings.TrimSpace(out.String())}
	}
	return nil
}

func (b *imageBuilder) writeIndex() error {
	data, err := os.ReadFile(filepath.Join(b.dir, imageName))
	if err != nil {
		return err
	}
	lib, err := stublib.Read(data)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(b.dir, "index"), stublib.Encode(lib))
}

// standIn makes a package runtime with the one function that the linker needs
// there while it links a cell. With the real one, the linker would put parts of
// it into every cell.
//
// The function is the runtime's own: it enters a module into the list of
// modules. Where that list has its link is read from the code in the image.
func (b *imageBuilder) standIn(ctx context.Context, list []imagePackage) error {
	data, err := os.ReadFile(filepath.Join(b.dir, imageName))
	if err != nil {
		return err
	}
	code, err := stublib.Code(data, "runtime.addmoduledata.abi0")
	if err != nil {
		return err
	}
	next, err := linkField(code)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "standin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	asm := fmt.Sprintf("#include \"textflag.h\"\nTEXT runtime·addmoduledata(SB),NOSPLIT,$0-0\n\tPUSHQ R15\n"+
		"\tMOVQ runtime·lastmoduledatap(SB), AX\n\tMOVQ DI, %d(AX)\n\tMOVQ DI, runtime·lastmoduledatap(SB)\n\tPOPQ R15\n\tRET\n", next)
	for name, text := range map[string]string{"a.go": "package runtime\n\nfunc addmoduledata()\n", "a.s": asm, "importcfg": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	include := filepath.Join(b.tc.goRoot, "pkg", "include")
	assemble := []string{"-p", "runtime", "-I", include, "-dynlink", "-linkshared", "-D", "GOOS_linux", "-D", "GOARCH_amd64"}
	steps := [][]string{
		append([]string{"asm", "-gensymabis", "-o", "symabis"}, append(assemble, "a.s")...),
		{"compile", "-o", "runtime.a", "-p", "runtime", "-lang=" + b.tc.lang, "-installsuffix", "dynlink", "-goversion", b.tc.version,
			"-dynlink", "-linkshared", "-symabis", "symabis", "-importcfg", "importcfg", "-pack", "a.go"},
		append([]string{"asm", "-o", "a.o"}, append(assemble, "a.s")...),
	}
	for _, s := range steps {
		if err := b.tool(ctx, dir, s[0], s[1:]...); err != nil {
			return err
		}
	}
	return b.packStandIn(dir, list)
}

// packStandIn puts the objects together under the identity of the real package.
func (b *imageBuilder) packStandIn(dir string, list []imagePackage) error {
	i := slices.IndexFunc(list, func(p imagePackage) bool { return p.path == "runtime" })
	if i < 0 {
		return errors.New("the image has no package runtime")
	}
	from, err := os.ReadFile(list[i].kept)
	if err != nil {
		return err
	}
	archive, err := os.ReadFile(filepath.Join(dir, "runtime.a"))
	if err != nil {
		return err
	}
	object, err := os.ReadFile(filepath.Join(dir, "a.o"))
	if err != nil {
		return err
	}
	if err := stublib.CopyFingerprint(archive, from); err != nil {
		return err
	}
	return writeFile(filepath.Join(b.dir, "runtime.a"), stublib.AppendObject(archive, "a.o", object))
}

// linkField finds the offset in MOVQ DI, offset(AX), which must stand exactly
// once in the code.
func linkField(code []byte) (int, error) {
	op := []byte{0x48, 0x89, 0xb8} // mov [rax+disp32], rdi
	i := bytes.Index(code, op)
	if i < 0 || i+7 > len(code) || bytes.Contains(code[i+7:], op) {
		return 0, errors.New("runtime.addmoduledata does not look as expected")
	}
	at := code[i+3:]
	return int(at[0]) | int(at[1])<<8 | int(at[2])<<16 | int(at[3])<<24, nil
}
