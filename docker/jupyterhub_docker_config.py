# JupyterHub with a container of docker/Dockerfile for each user: for strangers,
# for here the system keeps them apart and holds the limits. Tested by
# docker/hub_image_test.sh.
#
#   docker build -f docker/Dockerfile -t glownotes .
#   docker network create glownotes
#   python3 -m venv /opt/hub
#   /opt/hub/bin/pip install -r kernel/jupyter/lab.txt -r docker/hub.txt dockerspawner==14.0.0
#   npm install -g configurable-http-proxy
#   GLOWNOTES_CLASS_PASSWORD=... /opt/hub/bin/jupyterhub -f docker/jupyterhub_docker_config.py
#
# Everything that is not here is as in jupyterhub_config.py. Notebooks live in
# the volumes glownotes-NAME and outlive the containers.
import os
import subprocess

c = get_config()  # noqa: F821, given by JupyterHub
load_subconfig("jupyterhub_config.py", os.path.dirname(os.path.abspath(__file__)))  # noqa: F821

network = os.environ.get("GLOWNOTES_NETWORK", "glownotes")
c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = os.environ.get("GLOWNOTES_IMAGE", "glownotes")
c.DockerSpawner.network_name = network
c.DockerSpawner.remove = True
c.DockerSpawner.volumes = {"glownotes-{username}": "/home/glow/work"}
c.DockerSpawner.notebook_dir = "/home/glow/work"
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.Spawner.args = [a for a in c.Spawner.args if a != "--allow-root"]
# The caches are those of the image.
c.Spawner.environment = {name: c.Spawner.environment[name] for name in ("GOMAXPROCS", "GOMEMLIMIT")}

# Containers reach the hub at the network's own end on this machine.
gateway = subprocess.run(
    ["docker", "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network], check=True, capture_output=True, text=True
).stdout.strip()
c.JupyterHub.hub_ip = gateway
