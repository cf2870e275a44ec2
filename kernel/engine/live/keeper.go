package live

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// A keeper is a shell that waits for the end of this process, however that
// comes about (a kill too), to end what the cells started and what builds for
// them, and to remove the session's folder. It reads lines that add (+) or
// remove (-) the number of a process group; the end of its input is the end of
// this process.
type keeper struct {
	mu   sync.Mutex
	in   *os.File // nil when there is none
	host int      // process group of the host; 0: none
}

// keeperScript removes the folder again when something that was just killed had
// begun to write a file there.
const keeperScript = `groups=' '
while read -r what group; do
  case $what in
  +) groups="$groups$group " ;;
  -) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
tries=0
until rm -rf -- "$1" 2>/dev/null || [ $tries -ge 60 ]; do
  tries=$((tries + 1))
  sleep 1
done`

// startKeeper starts a keeper for a folder. Without one the folder goes with
// the next start of any kernel.
func startKeeper(dir string, log *slog.Logger) *keeper {
	k := new(keeper)
	if runtime.GOOS == "windows" {
		return k
	}
	r, w, err := os.Pipe()
	if err != nil {
		log.Warn("live: no keeper", "err", err)
		return k
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", keeperScript, "glownotes-keeper", dir)
	cmd.Stdin, cmd.Dir = r, "/"
	cmd.SysProcAttr = ownSession()
	if err := cmd.Start(); err != nil {
		w.Close()
		log.Warn("live: no keeper", "err", err)
		return k
	}
	go cmd.Wait()
	k.in = w
	return k
}

// tell adds (+) or removes (-) a process group that is to end with this
// process. It is called with the lock.
func (k *keeper) tell(what string, group int) {
	if k.in != nil && group != 0 {
		fmt.Fprintln(k.in, what, group) // a keeper that was killed is missed by nobody
	}
}

// watch names the process group of the host; 0 is none.
func (k *keeper) watch(host int) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tell("-", k.host)
	k.tell("+", host)
	k.host = host
}

// also adds or removes another process group.
func (k *keeper) also(what string, group int) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tell(what, group)
}

// run runs a program in a process group that ends with this process, at low
// priority if polite. The end of its context interrupts the group, and kills the
// program two seconds later.
func (k *keeper) run(cmd *exec.Cmd, polite bool) error {
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return interruptGroup(cmd.Process) }
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	k.also("+", cmd.Process.Pid)
	defer k.also("-", cmd.Process.Pid)
	if polite {
		lowerPriority(cmd.Process)
	}
	return cmd.Wait()
}

// end lets the keeper go: the host has ended in order.
func (k *keeper) end() {
	if k == nil {
		return
	}
	k.watch(0)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.in != nil {
		k.in.Close()
		k.in = nil
	}
}
