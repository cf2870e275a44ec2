#!/usr/bin/env bash
# A JupyterHub on this machine as docker/jupyterhub_config.py describes it, and
# two users at once: isolated state, a limit of memory, idle kernels that end.
#
#   docker/hub_test.sh [FOLDER]   FOLDER keeps the environment for the next time
#
# Needs Go, Python 3, npm and the package registries of both.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }
keep=${1-}
work=${keep:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
hub=
cleanup() {
  for job in $(jobs -p); do { kill "$job" && wait "$job"; } 2>/dev/null || true; done
  [ -n "$keep" ] || rm -rf "$work"
  rm -rf "$state"
}
state=$(mktemp -d)
trap cleanup EXIT

if [ ! -e "$work/complete" ]; then
  say "JupyterHub and its proxy"
  python3 -m venv "$work/jupyter"
  "$work/jupyter/bin/pip" install -q --disable-pip-version-check -r kernel/jupyter/lab.txt -r docker/hub.txt
  npm install --silent --no-audit --no-fund --prefix "$work" configurable-http-proxy@5.3.0
  touch "$work/complete"
fi
say "the kernel, for all users"
go run ./kernel install --prefix "$work/jupyter"

say "jupyterhub"
export PATH=$work/jupyter/bin:$work/node_modules/.bin:$PATH
export GLOWNOTES_HUB=$state GLOWNOTES_HUB_URL=http://127.0.0.1:18000 GLOWNOTES_HUB_PORT=18081 GLOWNOTES_PROXY_API=http://127.0.0.1:18001
export GLOWNOTES_CLASS_PASSWORD=a-long-password-of-the-test GLOWNOTES_IDLE=20
jupyterhub --version
jupyterhub -f docker/jupyterhub_config.py >"$state/hub.log" 2>&1 &
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
if pgrep -f "$work/jupyter/bin" >/dev/null; then
  echo "docker/hub_test.sh: left behind:" >&2
  pgrep -fa "$work/jupyter/bin" >&2
  exit 1
fi
say "docker/hub_test.sh: all passed"
