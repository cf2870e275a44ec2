"""Runs one Go cell through a Jupyter server, as a browser does.

usage: cell.py BASE_URL TOKEN
"""
import json
import sys
import urllib.request
import uuid

import websocket  # comes with jupyter_server

base, token = sys.argv[1:3]


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}{path}?token={token}", data, method=method)
    with urllib.request.urlopen(request, timeout=60) as reply:
        text = reply.read()
        return json.loads(text) if text else None


kernel = call("POST", "/api/kernels", {"name": "glownotes"})["id"]
session = uuid.uuid4().hex
ws = websocket.create_connection(
    f"{base.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?token={token}&session_id={session}", timeout=120
)
message = uuid.uuid4().hex
ws.send(json.dumps({
    "header": {"msg_id": message, "msg_type": "execute_request", "username": "", "session": session,
               "date": "2020-01-01T00:00:00Z", "version": "5.4"},
    "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
    "content": {"code": 'import "strings"\nstrings.Repeat("go", 3)', "silent": False, "store_history": True,
                "user_expressions": {}, "allow_stdin": False, "stop_on_error": True},
}))
value = None
replied = idle = False
while not (replied and idle):  # the two channels keep no order between them
    m = json.loads(ws.recv())
    if m["parent_header"].get("msg_id") != message:
        continue
    if m["msg_type"] == "execute_result":
        value = m["content"]["data"]["text/plain"]
    if m["msg_type"] == "error":
        sys.exit("the cell failed: " + m["content"]["evalue"])
    replied = replied or m["msg_type"] == "execute_reply"
    idle = idle or m["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
ws.close()
call("DELETE", f"/api/kernels/{kernel}")
if value is None or "gogogo" not in value:
    sys.exit(f"the cell's value is {value!r}")
print("a cell ran:", value)
