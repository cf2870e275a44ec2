package cuda

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "compile the kernels to PTX and write ptx/")

// compiler is the clang that the committed PTX is made with; another version
// makes other text.
const compiler = "clang-16"

// clang compiles the kernels for an architecture.
func clang(t *testing.T, path string, arch int) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "kernels.ptx")
	cmd := exec.Command(path, "-x", "cuda", "--cuda-device-only", "-nocudainc", "-nocudalib", "-Wall", "-Werror",
		fmt.Sprintf("--cuda-gpu-arch=sm_%d", arch), "-O3", "-S", "-o", out, "kernels.cu")
	cmd.Dir = "kernel"
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", compiler, err, msg)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// Only kernels are entered from outside.
	return append(bytes.TrimSpace(text), '\n')
}

// manifest hashes the sources and the PTX made of them.
func manifest(t *testing.T) string {
	t.Helper()
	var lines []string
	add := func(files fs.FS, pattern string) {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			text, err := fs.ReadFile(files, n)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(text)
			lines = append(lines, hex.EncodeToString(sum[:])+"  "+n)
		}
	}
	add(os.DirFS("."), "kernel/*")
	add(os.DirFS("."), "ptx/*.ptx")
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

// TestPTX checks that the committed PTX belongs to the committed sources: by
// hashes always, by compiling where the compiler is installed.
func TestPTX(t *testing.T) {
	path, missing := exec.LookPath(compiler)
	if *update {
		if missing != nil {
			t.Fatalf("%v: apt-get install %s", missing, compiler)
		}
		for _, arch := range Archs {
			if err := os.WriteFile(fmt.Sprintf("ptx/sm_%d.ptx", arch), clang(t, path, arch), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile("ptx/SHA256SUMS", []byte(manifest(t)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("hashes", func(t *testing.T) {
		want, err := os.ReadFile("ptx/SHA256SUMS")
		if err != nil {
			t.Fatal(err)
		}
		if got := manifest(t); got != string(want) {
			t.Errorf("sources or PTX changed: run go test ./cglow/cuda -run TestPTX -update\ngot\n%swant\n%s", got, want)
		}
	})
	t.Run("compiled", func(t *testing.T) {
		if missing != nil {
			t.Skipf("no %s here", compiler)
		}
		for _, arch := range Archs {
			want, err := os.ReadFile(fmt.Sprintf("ptx/sm_%d.ptx", arch))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(clang(t, path, arch), want) {
				t.Errorf("sm_%d: the committed PTX is not what %s makes of the sources", arch, compiler)
			}
		}
	})
}

// TestEntries checks that every PTX has every kernel of the sources, but for
// those on tensor cores, which begin with sm_80.
func TestEntries(t *testing.T) {
	entry := regexp.MustCompile(`\.entry (\w+)\(`)
	kernels := map[int]string{}
	for _, arch := range Archs {
		text, err := os.ReadFile(fmt.Sprintf("ptx/sm_%d.ptx", arch))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range entry.FindAllStringSubmatch(string(text), -1) {
			if name := m[1]; arch < 80 || name != "k_gemm_tf32" && name != "k_gemm_bf16" {
				names = append(names, name)
			}
		}
		sort.Strings(names)
		kernels[arch] = strings.Join(names, " ")
		if !strings.Contains(string(text), fmt.Sprintf(".target sm_%d", arch)) {
			t.Errorf("sm_%d: another target", arch)
		}
	}
	if kernels[75] != kernels[80] || kernels[80] != kernels[90] || strings.Count(kernels[75], " ") < 25 {
		t.Errorf("kernels differ:\n75 %s\n80 %s\n90 %s", kernels[75], kernels[80], kernels[90])
	}
}

// TestAssemble runs NVIDIA's assembler over the PTX where it is installed: on the
// PATH or as the wheel nvidia-cuda-nvcc of a Python here.
func TestAssemble(t *testing.T) {
	ptxas := os.Getenv("PTXAS")
	if ptxas == "" {
		ptxas, _ = exec.LookPath("ptxas")
	}
	for _, dir := range wheelFolders([]string{"cuda_nvcc/bin", "cu13/bin"}) {
		if p := filepath.Join(dir, "ptxas"); ptxas == "" {
			if _, err := os.Stat(p); err == nil {
				ptxas = p
			}
		}
	}
	if ptxas == "" {
		t.Skip("no ptxas here: pip install nvidia-cuda-nvcc-cu12, or set PTXAS")
	}
	for _, arch := range Archs {
		out, err := exec.Command(ptxas, fmt.Sprintf("-arch=sm_%d", arch), "-v", "-o", filepath.Join(t.TempDir(), "k.cubin"),
			fmt.Sprintf("ptx/sm_%d.ptx", arch)).CombinedOutput()
		if err != nil {
			t.Errorf("sm_%d: %v\n%s", arch, err, out)
		}
	}
}
