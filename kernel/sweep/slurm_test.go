//go:build unix

package sweep

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRanges(t *testing.T) {
	for _, tt := range []struct {
		list []int
		want string
	}{{nil, ""}, {[]int{3}, "3"}, {[]int{0, 1, 2}, "0-2"}, {[]int{0, 2, 3, 5}, "0,2-3,5"}} {
		if got := ranges(tt.list); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.list, got, tt.want)
		}
	}
}

func TestShellWords(t *testing.T) {
	words := []string{"plain", "two words", "it's", "$HOME", "", "a=1,b=2", "`x`"}
	out, err := exec.Command("sh", "-c", "printf '%s|' "+shellWords(words)).Output()
	if want := strings.Join(words, "|") + "|"; err != nil || string(out) != want {
		t.Errorf("a shell reads %q, want %q (%v)", out, want, err)
	}
}

func TestSlurmDirectives(t *testing.T) {
	p := newPlan(t, "width=1,2,4,8")
	script := Slurm{
		Name: "demo", Command: []string{"/opt/glow notes", "sweep", "work"}, Parallel: 2, CPUs: 4, Memory: "8G", GPUs: 1,
		Options: []string{"--partition=long"},
	}.Script(p, []int{0, 2, 3})
	for _, want := range []string{
		"#!/bin/sh\n", "#SBATCH --array=0,2-3%2\n", "#SBATCH --requeue\n", "#SBATCH --cpus-per-task=4\n", "#SBATCH --mem=8G\n",
		"#SBATCH --gpus-per-task=1\n", "#SBATCH --partition=long\n", "#SBATCH --signal=B:USR1@120\n", "'/opt/glow notes' sweep work " + p.Dir() + " &\n",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("the script lacks %q:\n%s", want, script)
		}
	}
}

// The batch script under a shell, with a stand-in for scontrol: which ends of
// a worker put a task back into the queue?
func TestSlurmScript(t *testing.T) {
	for _, shell := range []string{"sh", "bash"} { // what sh is on Debian and on Red Hat
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip(err)
			}
			testSlurmScript(t, shell)
		})
	}
}

func testSlurmScript(t *testing.T, shell string) {
	const untilTerm = "trap 'exit 130' TERM; touch started; while :; do sleep 0.05; done"
	slow := strings.NewReplacer("worker=$!", "sleep 1; worker=$!") // the signal comes before the worker is known
	for _, tt := range []struct {
		name, worker string
		signal       syscall.Signal
		code         int
		requeued     bool
		change       *strings.Replacer // of the script
	}{
		{"done", "exit 0", 0, 0, false, nil},
		{"taken by another", "exit 3", 0, 0, false, nil},
		{"failed", "exit 1", 0, 1, false, nil},
		{"wrong arguments", "exit 2", 0, 2, false, nil},
		{"killed", "kill -KILL $$", 0, 0, true, nil},
		{"time limit", untilTerm, syscall.SIGUSR1, 0, true, nil},
		{"time limit at once", untilTerm, syscall.SIGUSR1, 0, true, slow},
		{"cancelled, the worker alone is told", "exit 130", 0, 130, false, nil},
		{"cancelled", untilTerm, syscall.SIGTERM, 130, false, nil},
		{"cancelled at once", untilTerm, syscall.SIGTERM, 130, false, slow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			write("worker", "#!/bin/sh\n"+tt.worker+"\n")
			write("scontrol", "#!/bin/sh\necho \"$*\" > requeued\n")
			write("sleep", "#!/bin/sh\n[ \"$1\" = 60 ] || exec /bin/sleep \"$@\"\n")
			p := newPlan(t, "width=1")
			script := Slurm{Name: "demo", Command: []string{filepath.Join(dir, "worker")}}.Script(p, []int{0})
			if tt.change != nil {
				script = tt.change.Replace(script)
			}
			write("array.sh", script)
			cmd := exec.Command(shell, "array.sh")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"),
				"SLURM_JOB_ID=17", "SLURM_ARRAY_JOB_ID=17", "SLURM_ARRAY_TASK_ID=4") // as in the last task of an array
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			hung := time.AfterFunc(patience, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			if tt.signal != 0 {
				if err := appears(filepath.Join(dir, "started")); err != nil {
					t.Error(err)
				}
				cmd.Process.Signal(tt.signal)
			}
			cmd.Wait()
			if !hung.Stop() {
				t.Fatalf("the script did not end within %v", patience)
			}
			text, err := os.ReadFile(filepath.Join(dir, "requeued"))
			if got := err == nil && string(text) == "requeue 17_4\n"; got != tt.requeued {
				t.Errorf("requeued: %v (%q), want %v", got, text, tt.requeued)
			}
			got := cmd.ProcessState.ExitCode()
			if shell == "bash" && got == 128+int(syscall.SIGTERM) && tt.signal == syscall.SIGTERM {
				got = 130 // it has lost the worker's
			}
			if got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
		})
	}
}
