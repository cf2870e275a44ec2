package live

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glownotes/kernel/engine/solink"
)

// A cell's object linked by package solink offers the same symbols to the
// loader as what ld makes of it, and asks it for the same.
func TestSharedAsLd(t *testing.T) {
	e := engine(t)
	if e.packages().image == nil {
		t.Skip(e.noImage)
	}
	cells := []string{
		"count := 1\nfmt.Println(count)",
		"type point struct{ x, y int; next *point }\nfunc (p *point) String() string { return fmt.Sprint(p.x, p.y) }\nvar words = map[string][]point{\"a\": {{1, 2, nil}}}",
		"func twice(f func(int) int, n int) int { return f(f(n)) }\nfor i := range count + 1 { fmt.Println(twice(func(n int) int { return n * i }, 3), &words[\"a\"][0]) }",
		"select { case <-ctx.Done(): default: defer fmt.Println(recover()) }\ngo func() { words[\"b\"] = nil }()",
	}
	for i, code := range cells {
		execute(t, e, i+1, code)
		object, args := relink(t, e)
		own, err := solink.Link(object, imageName)
		if err != nil {
			t.Fatalf("%s\n%v", code, err)
		}
		file := filepath.Join(t.TempDir(), "cell.so")
		b := e.link.Load().builder
		args[slices.Index(args, "-o")+1] = file
		if _, err := b.tool(t.Context(), b.dir, nil, b.tc.ld, args...); err != nil {
			t.Fatal(err)
		}
		byLd, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := describe(t, byLd)
		for what, got := range describe(t, own) {
			if !slices.Equal(got, want[what]) {
				t.Errorf("%s\n%s: %d %q\nof ld: %d %q", code, what, len(got), got, len(want[what]), want[what])
			}
		}
	}
}

// relink has the Go linker make the object of the last cell once more, and
// returns it with the arguments for ld.
func relink(t *testing.T, e *Engine) (object []byte, args []string) {
	t.Helper()
	b := e.link.Load().builder
	path := cellPath(e.serial)
	objects := t.TempDir()
	log, err := b.goLink(t.Context(), &bench{dir: b.dir}, noProgram, path, b.pkgs.cells[path], filepath.Join(objects, "cell.so"), b.linkConfig(), objects, b.linkEnv(nil), "-linkshared")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(objects, "go.o")
	if object, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if cutSuffixes(object) {
		if err := os.WriteFile(file, object, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if args, err = ldArgs(log); err != nil {
		t.Fatal(err)
	}
	args = b.imageArgs(args)
	if !onlyObject(args, file, b.stub()) {
		t.Errorf("%q is taken for more than one object", args)
	}
	return object, args
}

// describe lists what the dynamic loader reads of a shared object, without
// addresses.
func describe(t *testing.T, data []byte) map[string][]string {
	t.Helper()
	f, err := elf.NewFile(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	if out["libraries"], err = f.ImportedLibraries(); err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			out["defined"] = append(out["defined"], fmt.Sprint(s.Name, s.Info, s.Size, " in ", merged(f.Sections[s.Section].Name)))
		}
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA {
			continue
		}
		d, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(d) > 0; d = d[24:] {
			info, addend := f.ByteOrder.Uint64(d[8:]), f.ByteOrder.Uint64(d[16:])
			switch kind := elf.R_X86_64(uint32(info)); kind {
			case elf.R_X86_64_RELATIVE:
				// ld turns reading the address of a local symbol from a slot into
				// computing it, and has no slot then.
				if in := sectionAt(f, f.ByteOrder.Uint64(d)); in != ".got" {
					out["own addresses"] = append(out["own addresses"], "in "+in)
				}
			case elf.R_X86_64_JMP_SLOT, elf.R_X86_64_GLOB_DAT:
				out["slots"] = append(out["slots"], symbols[info>>32-1].Name)
			default:
				out["references"] = append(out["references"], fmt.Sprint(kind, " ", symbols[info>>32-1].Name, addend))
			}
		}
	}
	for what := range out {
		slices.Sort(out[what])
		if what == "slots" { // ld may have two of one function
			out[what] = slices.Compact(out[what])
		}
	}
	return out
}

// sectionAt names the section at an address.
func sectionAt(f *elf.File, addr uint64) string {
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Addr <= addr && addr < s.Addr+s.Size {
			return merged(s.Name)
		}
	}
	return "none"
}

// merged is the section that ld makes of a section.
func merged(name string) string {
	if strings.HasPrefix(name, ".data.rel.ro") {
		return ".data.rel.ro"
	}
	return name
}
