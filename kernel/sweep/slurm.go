package sweep

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// Slurm renders a job array: one task for each run.
type Slurm struct {
	Name     string
	Command  []string // of a worker; the folder of the sweep is appended
	Parallel int      // tasks at a time; 0 for as many as Slurm gives
	CPUs     int      // of a task; 0 leaves it to Slurm
	Memory   string   // of a task, as sbatch --mem takes it; "" leaves it to Slurm
	GPUs     int
	Options  []string // further options of sbatch, such as --partition=long
}

// slurmScript requeues a task whose worker was lost, and one that Slurm ends
// at its time limit (it says so two minutes ahead by SIGUSR1); the worker
// itself counts its losses and gives up at the plan's limit. A task that
// somebody cancels is not requeued: Slurm sends SIGTERM to its processes, to
// the script or to the worker alone. A signal may come before the script knows
// its worker's number: it is then passed on as soon as it does. "wait" returns
// early when a signal comes, so it is called again then; once it has told how the
// worker ended it knows nothing of it any more (127). That of bash says -1 at
// times, when signals come together, and has lost how the worker ended: then a
// task that was told to stop was stopped. The task to requeue is named by its
// array and its index: the array's last task has the array's own number as
// SLURM_JOB_ID, and by that number Slurm would requeue every task, those that
// run, are finished or were cancelled too.
var slurmScript = template.Must(template.New("slurm").Parse(`#!/bin/sh
{{range .Directives}}#SBATCH {{.}}
{{end}}
cancelled= limit= worker=
stop() { told=1; [ -z "$worker" ] || kill -TERM "$worker" 2>/dev/null; }
trap 'cancelled=1; stop' TERM
trap 'limit=1; stop' USR1
{{.Command}} &
worker=$!
[ -z "$cancelled$limit" ] || stop
status=127 told=1
while [ -n "$told" ]; do
  told=
  wait "$worker"; ended=$?
  case $ended in
  127) ;;
  -1) ! kill -0 "$worker" 2>/dev/null || told=1 ;;
  *) status=$ended ;;
  esac
done
[ -z "$cancelled" ] || exit $status
case $status in
{{.Done}}) exit 0 ;;
{{.Failed}}) exit $status ;;
{{.Interrupted}}) [ -n "$limit" ] || exit $status ;;
esac
if [ -n "$limit" ]; then echo "time limit: requeued"; else echo "the worker was lost (exit status $status): requeued"; fi
scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" || exit $status
sleep 60 # Slurm ends this script
`))

// Script is the batch script for the given runs.
func (s Slurm) Script(p *Plan, indexes []int) string {
	var b strings.Builder
	err := slurmScript.Execute(&b, map[string]any{
		"Directives":  s.directives(p, indexes),
		"Command":     shellWords(append(slices.Clone(s.Command), p.dir)),
		"Done":        fmt.Sprintf("%d | %d", ExitDone, ExitTaken),
		"Failed":      fmt.Sprintf("%d | 2", ExitFailed), // 2: wrong arguments
		"Interrupted": ExitInterrupted,
	})
	if err != nil {
		panic(err) // the template is part of the program
	}
	return b.String()
}

// SlurmDir is where the scripts and logs of Slurm's tasks are.
func (p *Plan) SlurmDir() string { return filepath.Join(p.dir, "slurm") }

func (s Slurm) directives(p *Plan, indexes []int) []string {
	array := ranges(indexes)
	if s.Parallel > 0 {
		array += "%" + strconv.Itoa(s.Parallel)
	}
	list := []string{
		"--job-name=" + s.Name, "--array=" + array, "--requeue", "--open-mode=append",
		"--output=" + sbatchValue(filepath.Join(p.SlurmDir(), "%A_%a.log")), "--signal=B:USR1@120",
	}
	if s.CPUs > 0 {
		list = append(list, "--cpus-per-task="+strconv.Itoa(s.CPUs))
	}
	if s.Memory != "" {
		list = append(list, "--mem="+s.Memory)
	}
	if s.GPUs > 0 {
		list = append(list, "--gpus-per-task="+strconv.Itoa(s.GPUs), "--ntasks=1")
	}
	return append(list, s.Options...)
}

// sbatchValue quotes a path with blanks for an #SBATCH line.
func sbatchValue(path string) string {
	if strings.ContainsAny(path, " \t") {
		return `"` + path + `"`
	}
	return path
}

// ranges is the shortest form of an ascending list of numbers: 0-3,7.
func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		part := strconv.Itoa(list[i])
		if j > i {
			part += "-" + strconv.Itoa(list[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// shellWords quotes words for a shell.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("=,.+-_/:@%", r))
		}) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
