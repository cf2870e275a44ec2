# JupyterHub for a class or a lab on one machine. Tested by docker/hub_test.sh.
#
#   python3 -m venv /opt/jupyter
#   /opt/jupyter/bin/pip install -r kernel/jupyter/lab.txt -r docker/hub.txt
#   npm install -g configurable-http-proxy
#   go run ./kernel install --prefix /opt/jupyter
#   GLOWNOTES_CLASS_PASSWORD=... /opt/jupyter/bin/jupyterhub -f docker/jupyterhub_config.py
#
# Every user has a folder, a server and kernels of his own, but all of them run
# under the account that started the hub: fine for people who trust each other.
# For strangers jupyterhub_docker_config.py gives each user a container, which
# has the limits below as a whole.
import os
import subprocess
import sys

from jupyterhub.traitlets import ByteSpecification

c = get_config()  # noqa: F821, given by JupyterHub

state = os.environ.get("GLOWNOTES_HUB", os.path.expanduser("~/glownotes-hub"))
os.makedirs(state, mode=0o700, exist_ok=True)
c.JupyterHub.bind_url = os.environ.get("GLOWNOTES_HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.hub_port = int(os.environ.get("GLOWNOTES_HUB_PORT", "8081"))
c.ConfigurableHTTPProxy.api_url = os.environ.get("GLOWNOTES_PROXY_API", "http://127.0.0.1:8001")
c.JupyterHub.db_url = f"sqlite:///{state}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{state}/cookie_secret"
c.JupyterHub.cleanup_servers = True
c.ConfigurableHTTPProxy.pid_file = f"{state}/proxy.pid"

# One password for the class; everybody chooses a name from the list.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["GLOWNOTES_CLASS_PASSWORD"]
c.Authenticator.allowed_users = set(os.environ.get("GLOWNOTES_USERS", "ada,emmy").split(","))

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{state}/users/{{username}}"
c.Spawner.default_url = "/lab"
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []

# What each user gets. Spawners that start containers enforce mem_limit and
# cpu_limit for all of a user's processes together; here every process has the
# limit for itself, by the operating system: a cell that asks for more ends with
# "out of memory", and the kernel lives. Go programs tidy up earlier, from three
# quarters of it on, and use that many threads.
cores = int(os.environ.get("GLOWNOTES_USER_CORES", "2"))
memory = ByteSpecification().validate(None, os.environ.get("GLOWNOTES_USER_MEMORY", "2G"))
c.Spawner.cpu_limit = cores
c.Spawner.mem_limit = memory
c.Spawner.cmd = ["/bin/sh", "-c", f'ulimit -d {memory >> 10} && exec "$0" "$@"', os.path.join(sys.prefix, "bin", "jupyterhub-singleuser")]


def go(name):
    return subprocess.run(["go", "env", name], check=True, capture_output=True, text=True).stdout.strip()


cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
c.Spawner.environment = {
    "GOMAXPROCS": str(cores),
    "GOMEMLIMIT": str(memory * 3 // 4),
    # Compiled packages are shared, so that nobody's first cell waits for them.
    "GOCACHE": go("GOCACHE"), "GOMODCACHE": go("GOMODCACHE"),
    "GLOWNOTES_CACHE": os.environ.get("GLOWNOTES_CACHE", os.path.join(cache, "glownotes")),
    "GLOWNOTES_DATA": os.environ.get("GLOWNOTES_DATA", ""),
}

# Kernels that nobody uses for an hour end, and so do servers without kernels.
idle = int(os.environ.get("GLOWNOTES_IDLE", "3600"))
c.Spawner.args += [
    f"--MappingKernelManager.cull_idle_timeout={idle}",
    f"--MappingKernelManager.cull_interval={max(1, min(60, idle // 2))}",
    "--MappingKernelManager.cull_connected=True",
    f"--ServerApp.shutdown_no_activity_timeout={2 * idle}",
]
