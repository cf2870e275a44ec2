#!/usr/bin/env bash
# docker/compose.yaml held to its schema and used: up, a cell, a notebook saved
# in the volume, down, up, and the notebook is still there.
#
#   docker/compose_test.sh [IMAGE]    IMAGE is "glownotes" if left out
#
# Needs docker, a running dockerd and the image (docker/test.sh has all three
# and runs this). Where docker has no compose plugin, one is built from its Go
# module. Nothing of the file is changed but the image's name.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'docker/compose_test.sh: %s\n' "$*" >&2; exit 1; }
export JUPYTER_TOKEN=secret-of-the-test GLOWNOTES_PREFIX=/class/ GLOWNOTES_DATA= GLOWNOTES_PORT=
work=$(mktemp -d)
project=glownotes-test-$$

version=v2.40.3
if ! docker compose version >/dev/null 2>&1; then
  export DOCKER_CONFIG=${XDG_CACHE_HOME:-$HOME/.cache}/glownotes-ci/docker-compose-$version
  plugin=$DOCKER_CONFIG/cli-plugins/docker-compose
  if [ ! -x "$plugin" ]; then
    say "docker compose $version, from its Go module"
    src=$(go mod download -json "github.com/docker/compose/v2@$version" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
    (cd "$src" && go build -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$version" -o "$plugin" ./cmd)
  fi
fi
docker compose version

cat >"$work/here.yaml" <<END
services:
  lab:
    image: ${1:-glownotes}
END
compose() { docker compose -p "$project" -f docker/compose.yaml "$@"; }
here() { compose -f "$work/here.yaml" "$@"; }
cleanup() {
  here down --volumes --timeout 10 >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
contents() { curl -fsS -H "Authorization: token $JUPYTER_TOKEN" "$@"; }

say "the file as it stands"
compose config --quiet
[ "$(compose config --format json | python3 -c '
import json, sys
lab = json.load(sys.stdin)["services"]["lab"]
print(lab["ports"][0]["host_ip"], lab["ports"][0]["published"], *[(v["type"], v["target"], v.get("read_only", False)) for v in lab["volumes"]])
')" = "127.0.0.1 8888 ('volume', '/home/glow/work', False) ('bind', '/data', True)" ] || fail "not the port and volumes that it promises"
if (unset JUPYTER_TOKEN; compose config --quiet 2>"$work/said"); then fail "it starts without a token"; fi
grep -q "set JUPYTER_TOKEN" "$work/said" || fail "without a token it says $(cat "$work/said")"
sed 's/volumes:/volume:/' docker/compose.yaml >"$work/wrong.yaml"
if docker compose -f "$work/wrong.yaml" config --quiet 2>/dev/null; then fail "a wrong word is not found"; fi

say "up"
export GLOWNOTES_DATA=$work/data GLOWNOTES_PORT=18889
base=http://127.0.0.1:$GLOWNOTES_PORT/class
mkdir "$GLOWNOTES_DATA"
echo here >"$GLOWNOTES_DATA/mark"
start=$SECONDS
here up --detach --no-build --wait --wait-timeout 300
echo "healthy after $((SECONDS - start)) s"
contents "$base/api/status"
here exec -T lab python3 - http://127.0.0.1:8888/class "$JUPYTER_TOKEN" <docker/cell.py
[ "$(here exec -T lab cat /data/mark)" = here ] || fail "the data is not in /data"
if here exec -T lab touch /data/mark 2>/dev/null; then fail "/data can be written"; fi
contents -o /dev/null -X PUT "$base/api/contents/kept.ipynb" \
  -d '{"type": "notebook", "content": {"cells": [], "metadata": {"kept": "yes"}, "nbformat": 4, "nbformat_minor": 5}}'

say "down, and up again"
here down --timeout 30
[ -z "$(here ps --all --quiet)" ] || fail "a container is left"
here up --detach --no-build --wait --wait-timeout 300
contents "$base/api/contents/kept.ipynb" | grep -q '"kept": *"yes"' || fail "the notebook is gone"
here down --volumes --timeout 30
[ -z "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project")" ] || fail "a volume is left"
say "docker/compose_test.sh: all passed"
