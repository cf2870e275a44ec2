"""Two users of a JupyterHub at once: docker/hub_test.sh runs it.

usage: hub_client.py URL PASSWORD IDLE_SECONDS
"""
import re
import sys
import time

import psutil
import requests

from cell import CellError, Kernel

url, password, idle = sys.argv[1], sys.argv[2], float(sys.argv[3])


def login(name, password):
    """A browser's session after the login form; None if it is refused."""
    s = requests.Session()
    page = s.get(f"{url}/hub/login", timeout=30)
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page.text).group(1)
    r = s.post(f"{url}/hub/login", data={"username": name, "password": password, "_xsrf": xsrf}, timeout=30, allow_redirects=False)
    return s if r.status_code == 302 else None


def server(name):
    """Starts the user's server; returns its address and a token of the user."""
    s = login(name, password)
    assert s, f"{name} cannot log in"
    head = {"X-XSRFToken": s.cookies.get("_xsrf", path="/hub/"), "Referer": f"{url}/hub/home"}
    token = s.post(f"{url}/hub/api/users/{name}/tokens", headers=head, json={}, timeout=30).json()["token"]
    head = {"Authorization": f"token {token}"}
    requests.post(f"{url}/hub/api/users/{name}/server", headers=head, timeout=60).raise_for_status()
    for _ in range(240):
        if requests.get(f"{url}/hub/api/users/{name}", headers=head, timeout=30).json()["servers"].get("", {}).get("ready"):
            return f"{url}/user/{name}", token
        time.sleep(0.5)
    sys.exit(f"the server of {name} does not start")


def processes(base):
    """The processes of the server at base: itself and what it started."""
    name = base.rsplit("/", 1)[1]
    for p in psutil.process_iter(["name"]):
        if p.info["name"].startswith("jupyterhub-sing") and p.environ().get("JUPYTERHUB_USER") == name:
            return [p, *p.children(recursive=True)]
    sys.exit(f"no process of {name}")


def kernels(base, token):
    return requests.get(f"{base}/api/kernels", headers={"Authorization": f"token {token}"}, timeout=30).json()


def ensure(ok, what):
    if not ok:
        sys.exit("hub_client.py: " + what)
    print("ok  ", what)


ensure(login("ada", "not the password") is None, "a wrong password is refused")
ensure(login("mallory", password) is None, "a name that is not on the list is refused")
ada, emmy = server("ada"), server("emmy")
ensure(requests.get(f"{ada[0]}/api/kernels", headers={"Authorization": f"token {emmy[1]}"}, timeout=30).status_code == 403, "emmy's token does not open ada's server")

a = Kernel(*ada)
training = """set := Must(data.Silhouettes(data.Silhouettes32()))
cfg := cglow.Quick32()
cfg.X, cfg.Y = set.Shapes()
m := Must(cglow.New(cfg, 1))
Must(train.Run(ctx, m, set, train.Quick(40), nil)).Steps"""
ensure(a.run(training) == "40", "ada trains a flow")
a.run('secret := "ada"')
e = Kernel(*emmy)
try:
    e.run("secret")
    sys.exit("hub_client.py: emmy sees ada's variable")
except CellError as err:
    ensure("undefined: secret" in str(err), f"ada's variable is undefined for emmy: {err}")
e.run('secret := "emmy"')
ensure("ada" in a.run("secret") and "emmy" in e.run("secret"), "each has a variable secret of her own")
try:
    e.run("hoard := make([]byte, 3<<30)\nfor i := 0; i < len(hoard); i += 4096 {\n\thoard[i] = 1\n}")
    sys.exit("hub_client.py: emmy gets 3 GiB, more than her limit")
except CellError as err:
    ensure(re.search("out of memory|killed", str(err)) and e.run("1 + 1") == "2", f"beyond her memory emmy's cell fails and her kernel lives: {err}")
ensure("ada" in a.run("secret"), "and ada's variables are there")
a.run('Must(0, os.WriteFile(filepath.Join(Must(os.UserHomeDir()), "mine"), nil, 0o644))')
there = [k.run('_, err := os.Stat(filepath.Join(Must(os.UserHomeDir()), "mine"))\nerr == nil') for k in (a, e)]
ensure(there == ["true", "false"], "each has files of her own")
ensure(a.run("runtime.GOMAXPROCS(0)") == a.run('os.Getenv("GOMAXPROCS")').strip('"'), f"cores of a user: {a.run('runtime.GOMAXPROCS(0)')}")
pids = []
for base, _ in (ada, emmy):
    family = processes(base)
    ensure(len(family) >= 3, f"{base.rsplit('/', 1)[1]}: {sum(p.memory_info().rss for p in family) >> 20} MiB in {len(family)} processes: "
           + ", ".join(f"{p.name()[:16]} {p.memory_info().rss >> 20}" for p in family))
    pids += family[1:]
a.close()
e.close()
begin = time.monotonic()
while kernels(*ada) or kernels(*emmy):
    if time.monotonic() - begin > 6 * idle + 30:
        sys.exit(f"hub_client.py: kernels that nobody uses live on: {kernels(*ada)} {kernels(*emmy)}")
    time.sleep(0.5)
ensure(True, f"idle kernels ended after {time.monotonic() - begin:.0f} s, the limit is {idle:.0f}")
_, alive = psutil.wait_procs(pids, timeout=10)
ensure(not alive, "and their processes are gone")
