"""What a front end does beyond running cells, with jupyter_client: restart,
interrupts by message and by signal, subshells, input, queued cells. Started by
clients_test.go: python client.py"""
import os
import signal
import time

from jupyter_client import KernelManager

LIMIT = 300  # seconds: a machine with much else to do, and the first start of all


class Client:
    def __init__(self):
        self.km = KernelManager(kernel_name="glownotes")
        self.km.start_kernel()
        self.connect()

    def connect(self):
        self.kc = self.km.client()
        self.replies = {}
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=LIMIT)

    def request(self, channel, msg_type, content, **header):
        msg = self.kc.session.msg(msg_type, content)
        msg["header"].update(header)
        channel.send(msg)
        return msg["header"]["msg_id"]

    def start(self, code, **more):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": True, "stop_on_error": True}
        return self.request(self.kc.shell_channel, "execute_request", content, **more)

    def reply(self, channel, msg_id):
        """waits for a reply; those to other requests, which may come first, are kept."""
        deadline = time.time() + LIMIT
        while msg_id not in self.replies and time.time() < deadline:
            msg = channel.get_msg(timeout=LIMIT)
            self.replies[msg["parent_header"].get("msg_id")] = msg["content"]
        return self.replies.pop(msg_id)

    def result(self, msg_id):
        return self.reply(self.kc.shell_channel, msg_id)

    def printed(self, msg_id, text):
        """waits until a cell has printed text."""
        deadline = time.time() + LIMIT
        while time.time() < deadline:
            msg = self.kc.iopub_channel.get_msg(timeout=LIMIT)
            if (msg["parent_header"].get("msg_id") == msg_id and msg["msg_type"] == "stream"
                    and text in msg["content"]["text"]):
                return
        raise TimeoutError(text)

    def control(self, msg_type, **content):
        return self.reply(self.kc.control_channel, self.request(self.kc.control_channel, msg_type, content))


def is_ok(content):
    assert content["status"] == "ok", content
    return content


def is_interrupted(content):
    assert content["status"] == "error" and content["ename"] == "Interrupted", content


def interrupts(c):
    is_ok(c.result(c.start("kept := 41")))
    for stop in (c.km.interrupt_kernel, lambda: os.kill(c.km.provisioner.pid, signal.SIGINT)):
        cell = c.start('fmt.Println("looping")\nfor {\n\tkept = 41\n}')
        c.printed(cell, "looping")
        stop()
        is_interrupted(c.result(cell))
    cell = c.start("fmt.Println(kept + 1)")
    c.printed(cell, "42")
    is_ok(c.result(cell))


def subshells(c):
    info = is_ok(c.control("kernel_info_request"))
    assert "kernel subshells" in info["supported_features"], info
    sub = is_ok(c.control("create_subshell_request"))["subshell_id"]
    assert is_ok(c.control("list_subshell_request"))["subshell_id"] == [sub]
    main = c.start('stop := make(chan bool)\nfmt.Println("training")\n<-stop\nfmt.Println("told to stop")')
    c.printed(main, "training")
    beside = c.start('fmt.Println("beside", 6*7)\nstop <- true', subshell_id=sub)
    is_ok(c.result(beside))
    is_ok(c.result(main))
    is_ok(c.control("delete_subshell_request", subshell_id=sub))
    gone = c.result(c.start("1", subshell_id=sub))
    assert gone["status"] == "error", gone


def input_(c):
    cell = c.start('name, _ := Input("name? ")\nword, _ := Password("word? ")\nfmt.Println(name, len(word))')
    for prompt, password, answer in (("name? ", False, "Ada"), ("word? ", True, "secret")):
        asked = c.kc.get_stdin_msg(timeout=LIMIT)["content"]
        assert asked == {"prompt": prompt, "password": password}, asked
        c.kc.input(answer)
    c.printed(cell, "Ada 6")
    is_ok(c.result(cell))


def queue(c):
    cells = [c.start(code) for code in ("panic(1)", "fmt.Println(2)", "fmt.Println(3)")]
    got = [c.result(cell)["status"] for cell in cells]
    assert got == ["error", "aborted", "aborted"], got


def dies(c):
    is_ok(c.result(c.start("before := 1")))
    lost = c.result(c.start("p, _ := os.FindProcess(os.Getpid())\np.Kill()\ntime.Sleep(time.Minute)"))
    assert lost["ename"] == "HostDied" and "%replay" in "\n".join(lost["traceback"]), lost
    is_ok(c.result(c.start("%replay")))
    is_ok(c.result(c.start("before + 1")))


def restart(c):
    is_ok(c.result(c.start("old := 1")))
    c.km.restart_kernel()
    c.kc.stop_channels()
    c.connect()
    assert c.result(c.start("old"))["evalue"] == "undefined: old"
    c.km.shutdown_kernel()
    assert not c.km.is_alive()


def main():
    c = Client()
    try:
        for check in (interrupts, dies, input_, queue, subshells, restart):
            check(c)
            print("ok", check.__name__, flush=True)
    finally:
        if c.km.is_alive():
            c.km.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
