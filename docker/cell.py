"""Runs Go cells through a Jupyter server, as a browser does.

usage: cell.py BASE_URL TOKEN    runs one cell and checks its value
"""
import json
import sys
import time
import urllib.request
import uuid

import websocket  # comes with jupyter_server


class CellError(Exception):
    """A cell that failed."""


class Kernel:
    """A kernel of the server at base, and one session with it."""

    def __init__(self, base, token):
        self.base = base
        self.head = {"Authorization": f"token {token}"}
        self.id = self.call("POST", "/api/kernels", {"name": "glownotes"})["id"]
        self.session = uuid.uuid4().hex
        self.ws = websocket.create_connection(
            f"{base.replace('http', 'ws', 1)}/api/kernels/{self.id}/channels?session_id={self.session}", timeout=300, header=self.head
        )

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, self.head, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            text = reply.read()
            return json.loads(text) if text else None

    def run(self, code):
        """The text of the cell's value, None if it has none."""
        message = uuid.uuid4().hex
        self.ws.send(json.dumps({
            "header": {"msg_id": message, "msg_type": "execute_request", "username": "", "session": self.session,
                       "date": "2020-01-01T00:00:00Z", "version": "5.4"},
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": {"code": code, "silent": False, "store_history": True,
                        "user_expressions": {}, "allow_stdin": False, "stop_on_error": False},
        }))
        value = error = None
        replied = idle = False
        while not (replied and idle):  # the two channels keep no order between them
            m = json.loads(self.ws.recv())
            if m["parent_header"].get("msg_id") != message:
                continue
            if m["msg_type"] == "execute_result":
                value = m["content"]["data"]["text/plain"]
            if m["msg_type"] == "error":
                error = m["content"]["evalue"]
            if m["msg_type"] == "execute_reply":
                replied = True
                if m["content"]["status"] == "aborted":
                    error = "aborted"
            idle = idle or m["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
        if error is not None:
            raise CellError(error)
        return value

    def close(self):
        """Leaves the kernel running."""
        self.ws.close()


if __name__ == "__main__":
    start = time.monotonic()
    kernel = Kernel(*sys.argv[1:3])
    value = kernel.run('import "strings"\nstrings.Repeat("go", 3)')
    first = time.monotonic() - start
    value = kernel.run('strings.Repeat("go", 3)')
    second = time.monotonic() - start - first
    kernel.close()
    kernel.call("DELETE", f"/api/kernels/{kernel.id}")
    if value is None or "gogogo" not in value:
        sys.exit(f"the cell's value is {value!r}")
    print(f"a cell ran: {value}, {first:.1f} s after its kernel was asked for, again after {second:.2f} s")
