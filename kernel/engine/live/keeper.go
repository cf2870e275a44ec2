package live

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
)

// A keeper is a shell that waits for the end of this process, however that
// comes about (a kill too), to end what the cells started and to remove the
// session's folder. It reads the number of the host's process group; the end of
// its input is the end of this process.
type keeper struct {
	mu sync.Mutex
	in *os.File // nil when there is none
}

const keeperScript = `group=0
while read -r g; do group=$g; done
if [ "$group" -gt 1 ]; then kill -s KILL -- "-$group" 2>/dev/null; fi
rm -rf -- "$1"`

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

// watch names the process group that is to end with this process; 0 is none.
func (k *keeper) watch(group int) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.in != nil {
		fmt.Fprintln(k.in, group) // a keeper that was killed is missed by nobody
	}
}

// end lets the keeper go: everything has ended in order.
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
