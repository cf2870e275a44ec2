package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// objects decodes a manifest into its documents.
func objects(t *testing.T, text []byte) map[string]map[string]any {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(text))
	out := map[string]map[string]any{}
	for {
		var o map[string]any
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out[o["kind"].(string)] = o
	}
}

// at follows a path of keys and list indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func manifest(t *testing.T, p *Plan, k Kubernetes) []byte {
	t.Helper()
	text, err := k.Manifest(p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func example(t *testing.T) (*Plan, Kubernetes) {
	return newPlan(t, "width=4,8,16"), Kubernetes{Name: "sweep-demo", Image: "registry.example/glownotes:1", Parallel: 2, CPUs: 4, Memory: "8Gi", Storage: "10Gi"}
}

func TestManifest(t *testing.T) {
	p, k := example(t)
	o := objects(t, manifest(t, p, k))
	pod := at(o["Job"], "spec", "template", "spec")
	for _, tt := range []struct {
		name string
		got  any
		want string
	}{
		{"indexed", at(o["Job"], "spec", "completionMode"), "Indexed"},
		{"one pod for each point", at(o["Job"], "spec", "completions"), "3"},
		{"pods at a time", at(o["Job"], "spec", "parallelism"), "2"},
		{"losses of a run", at(o["Job"], "spec", "backoffLimitPerIndex"), "3"},
		{"a failed cell is final", at(o["Job"], "spec", "podFailurePolicy", "rules", 1), "map[action:FailIndex onExitCodes:map[containerName:worker operator:In values:[1 2]]]"},
		{"an eviction costs nothing", at(o["Job"], "spec", "podFailurePolicy", "rules", 0, "action"), "Ignore"},
		{"pods are not restarted in place", at(pod, "restartPolicy"), "Never"},
		{"command", at(pod, "containers", 0, "args"), "[glownotes sweep work /sweep --plan /plan]"},
		{"memory", at(pod, "containers", 0, "resources", "limits", "memory"), "8Gi"},
		{"cores", at(pod, "containers", 0, "resources", "requests", "cpu"), "4"},
		{"unprivileged", at(pod, "securityContext", "runAsUser"), "1000"},
		{"the claim made here", at(pod, "volumes", 0, "persistentVolumeClaim", "claimName"), "sweep-demo"},
		{"shared by all pods", at(o["PersistentVolumeClaim"], "spec", "accessModes"), "[ReadWriteMany]"},
	} {
		if got := fmt.Sprint(tt.got); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	// The config map is the plan: a pod that mounts it can work.
	dir := t.TempDir()
	data, _ := at(o["ConfigMap"], "data").(map[string]any)
	for name, text := range data {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.(string)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	q, err := Open(dir)
	if err != nil || len(q.Points) != 3 {
		t.Fatalf("the plan of the config map: %v", err)
	}
	if q, err = q.CopyTo(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := q.Work(t.Context(), 2, leave(`{"a": 1}`)); err != nil {
		t.Error(err)
	}
}

func TestManifestOptions(t *testing.T) {
	p, k := example(t)
	k.Claim, k.Data, k.GPUs, k.Namespace = "shared", "sets", 1, "lab"
	o := objects(t, manifest(t, p, k))
	if o["PersistentVolumeClaim"] != nil {
		t.Error("a claim is made although one is given")
	}
	pod := at(o["Job"], "spec", "template", "spec")
	got := fmt.Sprintln(at(pod, "volumes", 0, "persistentVolumeClaim", "claimName"), at(pod, "volumes", 2, "persistentVolumeClaim", "readOnly"),
		at(pod, "containers", 0, "resources", "limits", "nvidia.com/gpu"), at(o["Job"], "metadata", "namespace"))
	if want := "shared true 1 lab\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestManifestRefuses(t *testing.T) {
	p, k := example(t)
	k.Name = "No_Name"
	if _, err := k.Manifest(p); err == nil {
		t.Error("a name that Kubernetes does not take is accepted")
	}
	if got := DNSLabel("My_Ablation (2).ipynb"); !dnsLabel.MatchString(got) {
		t.Errorf("DNSLabel makes %q", got)
	}
	if err := os.WriteFile(filepath.Join(p.Dir(), notebookFile), make([]byte, maxConfigMap), 0o644); err != nil {
		t.Fatal(err)
	}
	k.Name = "sweep-demo"
	if _, err := k.Manifest(p); err == nil || !strings.Contains(err.Error(), "ConfigMap") {
		t.Errorf("a plan that is too large: %v", err)
	}
}

// Every object is held to Kubernetes' published schema, in strict mode: an
// unknown field is an error.
func TestManifestSchema(t *testing.T) {
	program := "kubernetes-validate"
	if dir := os.Getenv("GLOWNOTES_JUPYTER"); dir != "" {
		program = filepath.Join(dir, program)
	}
	program, err := exec.LookPath(program)
	if err != nil {
		t.Skip("no kubernetes-validate in $GLOWNOTES_JUPYTER or PATH")
	}
	validate := func(text []byte) (string, error) {
		file := filepath.Join(t.TempDir(), "manifest.yaml")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "--strict", file).CombinedOutput()
		return string(out), err
	}
	p, k := example(t)
	plain := manifest(t, p, k)
	k.Claim, k.Data, k.GPUs, k.Namespace = "shared", "sets", 1, "lab"
	for name, text := range map[string][]byte{"plain": plain, "with options": manifest(t, p, k)} {
		if out, err := validate(text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for _, planted := range []struct{ from, to string }{
		{"completionMode: Indexed", "completionMode: [Indexed]"},
		{"backoffLimitPerIndex: 3", "backoffLimitPerIndices: 3"},
		{"mountPath: /sweep", "mountpath: /sweep"},
	} {
		bad := bytes.Replace(plain, []byte(planted.from), []byte(planted.to), 1)
		if out, err := validate(bad); err == nil || bytes.Equal(bad, plain) {
			t.Errorf("%q is not found wrong:\n%s", planted.to, out)
		}
	}
}
