#!/usr/bin/env bash
# A JupyterHub as docker/jupyterhub_docker_config.py describes it: each of two
# users in a container of her own, checked as docker/hub_test.sh checks them.
#
#   docker/hub_image_test.sh IMAGE [FOLDER]   FOLDER keeps the hub's environment
#
# Needs docker with a running dockerd and the image, root (it looks into the
# containers' processes), Python 3, npm and the registries of both.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }
export GLOWNOTES_IMAGE=${1:?which image} GLOWNOTES_NETWORK=glownotes-test-$$
keep=${2-}
work=${keep:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
state=$(mktemp -d)
hub=
cleanup() {
  for job in $(jobs -p); do { kill "$job" && wait "$job"; } 2>/dev/null || true; done
  docker ps --all --quiet --filter "network=$GLOWNOTES_NETWORK" | xargs -r docker rm -f >/dev/null
  docker volume rm glownotes-ada glownotes-emmy >/dev/null 2>&1 || true
  docker network rm "$GLOWNOTES_NETWORK" >/dev/null 2>&1 || true
  [ -n "$keep" ] || rm -rf "$work"
  rm -rf "$state"
}
for v in glownotes-ada glownotes-emmy; do
  if docker volume inspect $v >/dev/null 2>&1; then echo "hub_image_test.sh: there is a volume $v, which the test would remove" >&2; exit 1; fi
done
trap cleanup EXIT

if [ ! -e "$work/complete" ]; then
  say "JupyterHub, its proxy and its spawner of containers"
  python3 -m venv "$work/jupyter"
  "$work/jupyter/bin/pip" install -q --disable-pip-version-check -r kernel/jupyter/lab.txt -r docker/hub.txt dockerspawner==14.0.0
  npm install --silent --no-audit --no-fund --prefix "$work" configurable-http-proxy@5.3.0
  touch "$work/complete"
fi
docker network create "$GLOWNOTES_NETWORK" >/dev/null

say "jupyterhub"
export PATH=$work/jupyter/bin:$work/node_modules/.bin:$PATH
export GLOWNOTES_HUB=$state GLOWNOTES_HUB_URL=http://127.0.0.1:18000 GLOWNOTES_HUB_PORT=18081 GLOWNOTES_PROXY_API=http://127.0.0.1:18001
export GLOWNOTES_CLASS_PASSWORD=a-long-password-of-the-test GLOWNOTES_IDLE=20
jupyterhub -f docker/jupyterhub_docker_config.py >"$state/hub.log" 2>&1 &
hub=$!
for _ in $(seq 600); do curl -fs "$GLOWNOTES_HUB_URL/hub/health" >/dev/null && break; sleep 0.5; done
if ! python3 docker/hub_client.py "$GLOWNOTES_HUB_URL" "$GLOWNOTES_CLASS_PASSWORD" "$GLOWNOTES_IDLE"; then
  tail -n 40 "$state/hub.log"
  exit 1
fi

say "stop"
kill "$hub"
wait "$hub" || true
hub=
left=$(docker ps --quiet --filter "network=$GLOWNOTES_NETWORK")
[ -z "$left" ] || { echo "docker/hub_image_test.sh: containers are left: $left" >&2; exit 1; }
say "docker/hub_image_test.sh: all passed"
