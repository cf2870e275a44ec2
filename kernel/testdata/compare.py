"""Measures Jupyter kernels side by side and prints a table for the README.

    python kernel/testdata/compare.py [--only ROW,...] KERNELSPEC...

A kernelspec needs cells in its language: see CELLS. Times are those of a client
in Python on the same machine, from sending a request to its idle status; each
cell is a new one, so that a kernel that compiles pays for it every time."""
import argparse
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import zmq
from jupyter_client import KernelManager

GO = {
    "setup": ['import ("fmt"; "os"; "strings"; "time")'],
    "trivial": "x{n} := 1 + 1",
    "print": 'fmt.Println("one", {n})',
    "look": ("look := 41", "look"),
    "lines": 'for i := 0; i < 100000; i++ {{ fmt.Println("line", i) }} // {n}',
    "bulk": 's{n} := strings.Repeat("x", 99999) + "\\n"\nfor i := 0; i < 100; i++ {{ fmt.Print(s{n}) }}',
    "png": 'png{n}, _ := os.ReadFile("{png}")\nDisplay(display.PNG(png{n}))',
    "complete": "strings.Rep",
    "state": ("keep := 41", "keep++", "fmt.Println(keep)"),
    "loop": "for {{ }} // {n}",
    "error": "undefinedname{n}(1)",
    "late": 'go func() {{ time.Sleep(300 * time.Millisecond); fmt.Println("late", {n}) }}()',
    "fatal": {
        "panic": 'panic("on purpose {n}")', "os.Exit": "os.Exit(3) // {n}",
        "goroutine panic": 'go func() {{ panic("on purpose {n}") }}()\ntime.Sleep(300 * time.Millisecond)',
        "endless recursion": "func deep{n}(i int) int {{ return deep{n}(i+1) + 1 }}\ndeep{n}(0)",
    },
}
PERCENT = '%%\n'  # GoNB runs what stands behind such a line as main
CELLS = {
    "glownotes": GO | {
        "plot": "p{n} := plot.New()\np{n}.Add(Must(plotter.NewLine(plotter.XYs{{{{X: 0, Y: 0}}, {{X: 1, Y: {n}}}}})))\np{n}",
        "gorgonia": 'g{n} := gorgonia.NewGraph()\na{n} := gorgonia.NewScalar(g{n}, gorgonia.Float64, gorgonia.WithName("a"))\nb{n} := Must(gorgonia.Mul(a{n}, a{n}))\nfmt.Println(b{n})',
        "cglow": "c{n} := cglow.Horses32()\nfmt.Println(c{n}.Validate(), {n})",
        "updates": 'display.ShowAs("d{n}", 0)\nfor i := range 200 {{ display.Update("d{n}", display.HTML(fmt.Sprint("<b>", i, "</b>"))) }}',
    },
    "gophernotes": GO,
    "gonb": {
        "setup": ["!*go mod edit -require=github.com/janpfeifer/gonb@v0.11.4\n!*go mod download github.com/janpfeifer/gonb",
                  'import (\n"fmt"\n"os"\n"strings"\n"time"\n"github.com/janpfeifer/gonb/gonbui"\n)\n%%\nfmt.Println(time.Now(), gonbui.IsNotebook, strings.ToUpper("a"), os.Args)'],
        "trivial": PERCENT + "x := 1 + {n}\n_ = x",
        "plot setup": ["!*go get gonum.org/v1/plot@v0.17.0", 'import (\n"bytes"\n"gonum.org/v1/plot"\n"gonum.org/v1/plot/plotter"\n)\n%%\nfmt.Println(plot.New() != nil, plotter.XYs{{}}, bytes.NewBuffer(nil))'],
        "plot": PERCENT + "p := plot.New()\nl, _ := plotter.NewLine(plotter.XYs{{{{X: 0, Y: 0}}, {{X: 1, Y: {n}}}}})\np.Add(l)\n"
                "w, _ := p.WriterTo(432, 288, \"png\")\nvar b bytes.Buffer\nw.WriteTo(&b)\ngonbui.DisplayPng(b.Bytes())\ngonbui.Sync()",
        "lines": PERCENT + GO["lines"], "bulk": PERCENT + GO["bulk"],
        "png": PERCENT + 'b, _ := os.ReadFile("{png}")\ngonbui.DisplayPng(b)\ngonbui.Sync() // {n}',
        "updates": PERCENT + 'id := gonbui.UniqueId() // {n}\nfor i := 0; i <= 200; i++ {{ gonbui.UpdateHtml(id, fmt.Sprint("<b>", i, "</b>")) }}\ngonbui.Sync()',
        "complete": PERCENT + "strings.Rep",
        "state": ("var keep = 41", PERCENT + "keep++", PERCENT + "fmt.Println(keep)"),
        "loop": PERCENT + GO["loop"], "error": PERCENT + GO["error"], "print": PERCENT + GO["print"], "late": PERCENT + GO["late"],
        "fatal": {name: PERCENT + cell for name, cell in GO["fatal"].items() if name != "endless recursion"}
        | {"endless recursion": "func deep(i int) int {{ return deep(i+1) + 1 }}\n%%\nfmt.Println(deep({n}))"},
    },
    "python3": {
        "setup": ["import os, sys, threading, time\nfrom IPython.display import HTML, Image, display"],
        "trivial": "x{n} = 1 + 1",
        "look": ("look = 41", "look"),
        "lines": "for i in range(100000): print('line', i)",
        "bulk": "for i in range(100): sys.stdout.write('x' * 99999 + '\\n')",
        "png": "display(Image(filename='{png}'))",
        "updates": "h = display(0, display_id=True)\nfor i in range(200): h.update(HTML('<b>%d</b>' % i))",
        "complete": "os.path.jo",
        "state": ("keep = 41", "keep += 1", "print(keep)"),
        "loop": "while True: pass", "error": "undefinedname{n}(1)", "print": "print('one', {n})",
        "late": "threading.Timer(0.3, lambda: print('late', {n})).start()",
        "fatal": {"panic": "1/0", "os.Exit": "os._exit(3)", "goroutine panic": "threading.Thread(target=lambda: 1/0).start()",
                  "endless recursion": "def deep(i): return deep(i+1)\ndeep(0)"},
    },
}


def noise_png(file):
    """a picture of 2 MB that does not compress."""
    side = 820
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + os.urandom(3 * side) for _ in range(side))
    with open(file, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


class Answer:
    """all that came for one request."""

    def __init__(self):
        self.reply = self.reply_at = self.idle_at = None
        self.out = []

    @property
    def status(self):
        return self.reply and self.reply["content"].get("status")

    def text(self):
        return "".join(m["content"]["text"] for m in self.out if m["msg_type"] == "stream")


class Kernel:
    serial = int(time.time()) % 100000 * 1000

    def __init__(self, name, png):
        self.cells, self.png = CELLS[name], png
        began = time.perf_counter()
        self.km = KernelManager(kernel_name=name)
        self.km.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.kc = self.km.client()
        self.session = self.kc.session
        self.sockets = {}
        for channel in ("shell", "control", "iopub", "stdin"):
            s = getattr(self.km, "connect_" + channel)()
            s.linger = 0
            s.rcvhwm = 0
            self.sockets[channel] = s
        self.poller = zmq.Poller()
        for s in self.sockets.values():
            self.poller.register(s, zmq.POLLIN)
        self.seen = []
        self.request("kernel_info_request", {}, idle=False)
        self.started = time.perf_counter() - began
        for _ in range(50):  # until IOPub is connected
            self.info = self.request("kernel_info_request", {}, limit=0.3)
            if self.info.idle_at:
                break
        self.ready = False

    def set_up(self):
        self.ready = True
        for cell in self.cells["setup"]:
            self.run(cell, limit=120)

    def code(self, cell):
        Kernel.serial += 1
        return cell.replace("{{", "{").replace("}}", "}").replace("{n}", str(Kernel.serial)).replace("{png}", self.png)

    def post(self, msg_type, content, channel="shell", **header):
        msg = self.session.msg(msg_type, content)
        msg["header"].update(header)
        self.session.send(self.sockets[channel], msg)
        return msg["header"]["msg_id"]

    def post_cell(self, cell, **more):
        return self.post("execute_request", {"code": self.code(cell), "silent": False, "store_history": True,
                                             "user_expressions": {}, "allow_stdin": True, "stop_on_error": True} | more)

    def receive(self, limit):
        """the messages that have come."""
        got = []
        for s, _ in self.poller.poll(max(0, limit) * 1000):
            frames, at = s.recv_multipart(), time.perf_counter()
            try:
                m = self.session.deserialize(self.session.feed_identities(frames)[1])
            except Exception:  # not our business here
                continue
            m["at"] = at
            m["reply"] = s is not self.sockets["iopub"]
            got.append(m)
        self.seen += got
        return got

    def collect(self, msg_id, began, limit=30, reply=True, idle=True):
        a = Answer()
        while time.perf_counter() - began < limit and self.km.is_alive():
            for m in self.receive(0.05):
                if m["parent_header"].get("msg_id") != msg_id:
                    continue
                if m["reply"]:
                    a.reply, a.reply_at = m, m["at"] - began
                elif m["msg_type"] != "status":
                    m["after"] = m["at"] - began
                    a.out.append(m)
                elif m["content"]["execution_state"] == "idle":
                    a.idle_at = m["at"] - began
            if (a.reply or not reply) and (a.idle_at or not idle):
                break
        return a

    def request(self, msg_type, content, channel="shell", limit=30, idle=True, **header):
        began = time.perf_counter()
        return self.collect(self.post(msg_type, content, channel, **header), began, limit, idle=idle)

    def run(self, cell, limit=60, **more):
        began = time.perf_counter()
        return self.collect(self.post_cell(cell, **more), began, limit)

    def answers(self, limit=5):
        return self.km.is_alive() and self.request("kernel_info_request", {}, limit=limit, idle=False).reply is not None

    def pids(self):
        pid, below = self.km.provisioner.pid, {}
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{p}/stat") as f:
                    below.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(p))
            except OSError:
                pass
        found = [pid]
        for p in found:
            found += below.get(p, [])
        return found

    def kill(self):
        """ends the kernel and returns how many of its processes live on."""
        try:
            pids = self.pids()[1:]
            self.km.shutdown_kernel(now=True)
        except Exception:
            pids = []
        for s in self.sockets.values():
            s.close()
        time.sleep(0.3)
        left = 0
        for p in pids:
            try:
                with open(f"/proc/{p}/stat") as f:
                    if f.read().rsplit(")", 1)[1].split()[0] != "Z":
                        os.kill(p, signal.SIGKILL)
                        left += 1
            except OSError:
                pass
        return left


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS:")) / 1024


def malformed(k):
    """sixteen inputs that are no good request, as functions that send them."""
    shell = k.sockets["shell"]
    serial = lambda kind, content: k.session.serialize(k.session.msg(kind, content))

    def signed(*parts):
        return [b"<IDS|MSG>", k.session.sign(list(parts)), *parts]

    def forged(signature):
        frames = serial("kernel_info_request", {})
        frames[frames.index(b"<IDS|MSG>") + 1] = signature
        return frames

    def null_content():
        frames = serial("execute_request", {})
        i = frames.index(b"<IDS|MSG>")
        return signed(*frames[i + 2:i + 5], b"null")

    def http():
        with socket.create_connection((k.km.ip, k.km.shell_port)) as c:
            c.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.2)

    frames = [
        forged(b"0" * 64), forged(b""), forged(b"zz"), signed(b"{no json", b"{}", b"{}", b"{}"), [b"hello"],
        [b"<IDS|MSG>", b"00", b"{}"], [b""], serial("frobnicate_request", {}), null_content(), serial("execute_request", {}),
        serial("execute_request", {"code": 5}), serial("complete_request", {"code": "abc", "cursor_pos": 99}),
        serial("inspect_request", {"code": "abc", "cursor_pos": -3, "detail_level": 0}),
        serial("comm_msg", {"comm_id": "nobody", "data": {}}), serial("comm_open", {"comm_id": "1", "target_name": "nobody", "data": {}}),
    ]
    return [lambda f=f: shell.send_multipart(f) for f in frames] + [http]


class Table:
    """the rows; each measures one kernel and returns what stands in the table."""

    def __init__(self, name, png):
        self.name, self.file, self.k, self.left = name, png, None, 0

    def kernel(self, set_up=True):
        if self.k is None or not self.k.answers():
            self.end()
            self.k = Kernel(self.name, self.file)
        if set_up and not self.k.ready:
            self.k.set_up()
        return self.k

    def end(self):
        if self.k:
            self.left += self.k.kill()
        self.k = None

    def start(self):
        """start to the first kernel_info_reply, ms"""
        times = []
        for _ in range(5):
            self.end()
            self.k = Kernel(self.name, self.file)
            times.append(self.k.started)
        self.end()
        return f"{1000 * statistics.median(times):.0f}"

    def memory(self):
        """memory of the kernel process, idle, MiB"""
        self.end()
        self.k = Kernel(self.name, self.file)
        time.sleep(1)
        mib = memory(self.k.km.provisioner.pid)
        self.end()
        return f"{mib:.0f}"

    def trivial(self):
        """a trivial cell, new each time, ms"""
        k = self.kernel()
        return f"{1000 * statistics.median(k.run(k.cells['trivial']).idle_at for _ in range(20)):.1f}"

    def cell(self, name, shows=None):
        """the median time of a cell, new each time, after one for the packages."""
        k = self.kernel()
        if name not in k.cells:
            return "–"
        for cell in k.cells.get(name + " setup", []):
            k.run(cell, limit=180)
        first = k.run(k.cells[name], limit=180)
        assert first.status == "ok", first.reply and first.reply["content"].get("evalue")
        got = [k.run(k.cells[name]) for _ in range(20)]
        if shows:
            assert all(shows in m["content"].get("data", {}) for a in got for m in a.out[-1:]), "not shown"
        return f"{1000 * statistics.median(a.idle_at for a in got):.1f}"

    def print(self):
        """a cell that prints a line, new each time, ms"""
        return self.cell("print")

    def look(self):
        """a cell that only shows a variable, ms"""
        k = self.kernel()
        if "look" not in k.cells:
            return "–"
        k.run(k.cells["look"][0])
        got = [k.run(k.cells["look"][1]) for _ in range(20)]
        assert all(m["content"]["data"]["text/plain"] == "41" for a in got for m in a.out if m["msg_type"] == "execute_result")
        return f"{1000 * statistics.median(a.idle_at for a in got):.1f}"

    def plot(self):
        """a cell that draws a plot with gonum/plot, ms"""
        return self.cell("plot", "image/png")

    def gorgonia(self):
        """a cell that builds a Gorgonia graph, ms"""
        return self.cell("gorgonia")

    def cglow(self):
        """a cell that uses package cglow, ms"""
        return self.cell("cglow")

    def lines(self):
        """100,000 printed lines in one cell, lines/s"""
        k = self.kernel()
        got = [k.run(k.cells["lines"]) for _ in range(3)]
        assert all(a.text().count("\n") == 100000 for a in got), "lines are missing"
        return f"{100000 / min(a.idle_at for a in got):,.0f}"

    def bulk(self):
        """10 MB of text in one cell, MB/s"""
        k = self.kernel()
        got = [k.run(k.cells["bulk"]) for _ in range(3)]
        assert all(len(a.text()) == 10_000_000 for a in got), "text is missing"
        return f"{10 / min(a.idle_at for a in got):.0f}"

    def png(self):
        """a picture of 2 MB from a file to the page, ms"""
        k = self.kernel()
        got = [k.run(k.cells["png"]).out for _ in range(3)]
        return f"{1000 * min(m['after'] for out in got for m in out if 'image/png' in m['content'].get('data', {})):.0f}"

    def updates(self):
        """updates of one display, updates/s"""
        k = self.kernel()
        if "updates" not in k.cells:
            return "–"
        best = 0
        for _ in range(3):
            at = [m["after"] for m in k.run(k.cells["updates"]).out if m["msg_type"] == "update_display_data"]
            assert len(at) >= 199, len(at)
            best = max(best, (len(at) - 1) / (at[-1] - at[0]))
        return f"{best:,.0f}"

    def complete(self):
        """completion, ms: idle / while a cell runs"""
        k = self.kernel()
        ask = lambda: k.request("complete_request", {"code": k.cells["complete"], "cursor_pos": len(k.cells["complete"])}, limit=5)
        ask()
        idle = statistics.median(ask().reply_at for _ in range(20))
        k.post_cell(k.cells["loop"])
        k.receive(0.1)
        time.sleep(2)
        busy = ask()
        self.end()
        busy = f"{1000 * busy.reply_at:.1f}" if busy.reply and busy.reply["content"]["matches"] else "–"
        return f"{1000 * idle:.1f} / {busy}"

    def interrupt(self):
        """interrupt of a hot loop, ms; the state after it"""
        k = self.kernel()
        k.run(k.cells["state"][0])
        began = time.perf_counter()
        cell = k.post_cell(k.cells["loop"])
        k.collect(cell, began, limit=2)
        began = time.perf_counter()
        control = k.request("kernel_info_request", {}, "control", limit=1.5, idle=False)
        self.control = f"{1000 * control.reply_at:.0f}" if control.reply else "–"
        began = time.perf_counter()
        if k.km.kernel_spec.interrupt_mode == "message":
            k.post("interrupt_request", {}, "control")
        else:
            k.km.interrupt_kernel()
        a = k.collect(cell, began, limit=10)
        if not k.answers():
            self.end()
            return "the kernel ends"
        k.run(k.cells["state"][1])
        kept = "42" in k.run(k.cells["state"][2]).text()
        return f"{1000 * a.idle_at:.0f}, {'kept' if kept else 'none'}"

    def busy(self):
        """kernel_info on the control channel while a hot loop runs, ms"""
        if not hasattr(self, "control"):
            self.interrupt()
        return self.control

    def state(self):
        """variables live on in the next cell"""
        k = self.kernel()
        return "yes" if "42" in [k.run(c) for c in k.cells["state"]][-1].text() else "no"

    def late(self):
        """output of a goroutine after its cell ended"""
        k = self.kernel()
        cell = k.post_cell(k.cells["late"])
        k.collect(cell, time.perf_counter())
        k.seen.clear()
        end = time.perf_counter() + 1
        while time.perf_counter() < end:
            k.receive(0.1)
        hits = [m for m in k.seen if m["msg_type"] == "stream" and "late" in m["content"]["text"]]
        if not hits:
            return "lost"
        return "under its cell" if hits[0]["parent_header"].get("msg_id") == cell else "elsewhere"

    def survives(self):
        """lives after a panic, os.Exit, a goroutine's panic, endless recursion (of 4)"""
        alive = 0
        for cell in CELLS[self.name]["fatal"].values():
            k = self.kernel()
            k.run(cell)
            time.sleep(0.3)
            alive += k.answers()
        return str(alive)

    def malformed(self):
        """malformed inputs survived (of 16)"""
        alive = 0
        for i in range(16):
            k = self.kernel(set_up=False)
            malformed(k)[i]()
            k.receive(0.3)
            alive += k.answers(15)
        return str(alive)

    def protocol(self):
        """protocol: queued cells aborted, user_expressions, history, subshells, iopub_welcome"""
        k = self.kernel()
        error, cell = k.post_cell(k.cells["error"]), k.post_cell(k.cells["print"])
        aborted = k.collect(cell, time.perf_counter()).status == "aborted"
        values = k.run(k.cells["print"], user_expressions={"v": "1+1"}).reply["content"].get("user_expressions", {})
        history = k.request("history_request", {"hist_access_type": "tail", "n": 2, "raw": True, "output": False}, limit=2)
        shell = k.request("create_subshell_request", {}, "control", limit=2)
        self.end()
        self.k = Kernel(self.name, self.file)
        has = (aborted, values.get("v", {}).get("status") == "ok", bool(history.reply and history.reply["content"].get("history")),
               shell.status == "ok", any(m["msg_type"] == "iopub_welcome" for m in self.k.seen))
        return " ".join("✓" if h else "–" for h in has)

    def leftovers(self):
        """processes left after kills"""
        self.kernel()
        self.end()
        return str(self.left)


ROWS = ("start", "memory", "trivial", "print", "look", "plot", "gorgonia", "cglow", "lines", "bulk", "png", "updates", "complete", "interrupt", "busy",
        "state", "late", "survives", "malformed", "protocol", "leftovers")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kernels", nargs="+", metavar="KERNELSPEC")
    p.add_argument("--only", default=",".join(ROWS))
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        png = os.path.join(folder, "noise.png")
        noise_png(png)
        tables = [Table(name, png) for name in args.kernels]
        print("| | " + " | ".join(args.kernels) + " |\n|---" + "|---" * len(tables) + "|")
        for row in args.only.split(","):
            values = []
            for t in tables:
                try:
                    values.append(getattr(t, row)())
                except Exception as e:
                    print(f"{t.name}: {row}: {type(e).__name__}: {e}", file=sys.stderr)
                    values.append("?")
                    t.end()
            print(f"| {getattr(Table, row).__doc__} | " + " | ".join(values) + " |", flush=True)
        for t in tables:
            t.end()


if __name__ == "__main__":
    main()
