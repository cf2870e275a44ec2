#!/usr/bin/env bash
# Builds the images and uses them as a person would: a notebook headless, a
# sweep, a cell through JupyterLab's server, a clean stop, files that stay; the
# compose file; a hub that gives each user a container; the image with CUDA on a
# machine that may have no GPU.
#
#   docker/test.sh            with the published base images
#   docker/test.sh --local    with bases made here: debootstrap and this
#                             machine's Go (no image registry is needed; root)
#
# Needs docker, and a running dockerd or the right to start one; root, Python 3
# and npm for the hub.
set -euo pipefail
cd "$(dirname "$0")/.."
image=glownotes:test name=glownotes-test volume=glownotes-test port=18888 token=secret-of-the-test
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'docker/test.sh: %s\n' "$*" >&2; exit 1; }

export DOCKER_BUILDKIT=0
cleanup() {
  docker rm -f "$name" >/dev/null 2>&1 || true
  docker volume rm "$volume" >/dev/null 2>&1 || true
  for job in $(jobs -p); do { kill "$job" && wait "$job"; } 2>/dev/null || true; done
}
trap cleanup EXIT
if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || fail "dockerd does not answer and only root may start one"
  say "starting dockerd"
  dockerd --iptables=false --bridge=none >/tmp/glownotes-dockerd.log 2>&1 &
  for _ in $(seq 600); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
  docker info >/dev/null 2>&1 || fail "dockerd does not start, see /tmp/glownotes-dockerd.log"
fi

args=()
if [ "${1-}" = --local ]; then
  if ! docker image inspect glownotes/base >/dev/null 2>&1; then
    say "base image from debootstrap"
    base=$(mktemp -d)
    debootstrap --variant=minbase --include=ca-certificates bookworm "$base" >"$base.log" || fail "debootstrap: see $base.log"
    # The machine's own certificates: a proxy between here and the registries
    # may use one of its own.
    cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
    tar -C "$base" -c . | docker import - glownotes/base >/dev/null
    rm -rf "$base"
  fi
  if ! docker image inspect glownotes/go >/dev/null 2>&1; then
    say "Go image from $(go env GOROOT)"
    printf 'FROM glownotes/base\nADD go.tar /usr/local\n' >/tmp/glownotes-go.Dockerfile
    ctx=$(mktemp -d)
    tar -C "$(dirname "$(go env GOROOT)")" -cf "$ctx/go.tar" go
    docker build -q -t glownotes/go -f /tmp/glownotes-go.Dockerfile "$ctx"
    rm -rf "$ctx"
  fi
  args=(--build-arg GO_IMAGE=glownotes/go --build-arg BASE_IMAGE=glownotes/base)
fi

say "docker build"
start=$SECONDS
docker build --network host -f docker/Dockerfile -t "$image" "${args[@]}" .
echo "built in $((SECONDS - start)) s, $(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%.2f GB", $1/1e9}')"

say "the engine's cache is filled: cells are linked against the image of packages"
docker run --rm --network none "$image" glownotes doctor | grep "fast cells *image of packages" || fail "doctor does not say so"

say "a notebook, headless, as an unprivileged user"
docker run --rm --network host -v "$volume:/home/glow/work" "$image" \
  glownotes run /opt/glownotes/notebooks/01_quickstart.ipynb -p steps=20 -o /home/glow/work/done.ipynb --html /home/glow/work/done.html
[ "$(docker run --rm "$image" id -u)" = 1000 ] || fail "the container does not run as user 1000"

say "a sweep of two runs, and one run as a Kubernetes pod does it"
start=$SECONDS
docker run --rm --network host -v "$volume:/home/glow/work" "$image" \
  glownotes sweep /opt/glownotes/docker/example.ipynb --grid n_w=16,32 -p steps=20 --local 2 --dir /home/glow/work/example.sweep
docker run --rm --network host -v "$volume:/home/glow/work" -e JOB_COMPLETION_INDEX=1 "$image" \
  glownotes sweep work /home/glow/work/pods --plan /home/glow/work/example.sweep
docker run --rm --network host -v "$volume:/home/glow/work" "$image" python3 -c '
import sqlite3
for dir, want in ("example.sweep", 2), ("pods", 1):
    got = sqlite3.connect(f"/home/glow/work/{dir}/table.sqlite").execute("SELECT count(*) FROM runs WHERE state = \"done\" AND trained = 20").fetchone()[0]
    assert got == want, f"{dir}: {got} runs are done, want {want}"
' || fail "the tables of the sweeps"
echo "three runs in $((SECONDS - start)) s"

say "the single-user server of JupyterHub is in the image"
docker run --rm --network host "$image" jupyterhub-singleuser --version

say "JupyterLab behind the prefix /class/"
docker run -d --name "$name" --network host -e JUPYTER_TOKEN="$token" -e GLOWNOTES_PREFIX=/class/ -e GLOWNOTES_PORT=$port \
  -v "$volume:/home/glow/work" "$image" >/dev/null
for _ in $(seq 600); do
  curl -fs "http://127.0.0.1:$port/class/api/status?token=$token" >/dev/null && break
  sleep 0.5
done
curl -fs "http://127.0.0.1:$port/class/api/status?token=$token" || fail "the server does not answer: $(docker logs "$name" 2>&1 | tail -20)"
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/class/api/kernels")" = 403 ] || fail "the server answers without the token"
docker exec -i "$name" python3 - "http://127.0.0.1:$port/class" "$token" <docker/cell.py
curl -fs "http://127.0.0.1:$port/class/api/contents/done.ipynb?content=0&token=$token" >/dev/null || fail "the volume's file is not listed"

say "stop"
start=$SECONDS
docker stop -t 30 "$name" >/dev/null
took=$((SECONDS - start))
code=$(docker inspect -f '{{.State.ExitCode}}' "$name")
[ "$code" = 0 ] || [ "$code" = 143 ] || fail "exit code $code"
[ "$took" -lt 25 ] || fail "stopping took $took s"
docker run --rm -v "$volume:/home/glow/work" "$image" test -s /home/glow/work/done.html || fail "the files are gone"

docker/compose_test.sh "$image"
docker/hub_image_test.sh "$image"

say "docker build, with CUDA's libraries"
docker build -q --network host -f docker/Dockerfile.cuda --build-arg GLOWNOTES_IMAGE="$image" -t "$image-cuda" .
docker image inspect -f '{{.Size}}' "$image-cuda" | awk '{printf "%.2f GB\n", $1/1e9}'
docker run --rm --network host "$image-cuda" sh -c 'ls -L $GLOWNOTES_CUDA_PATH/libcublasLt.so.*' || fail "no cuBLASLt in the image"
if [ ! -e /dev/nvidia0 ]; then
  docker run --rm --network host "$image-cuda" true 2>&1 | grep "compute on the CPU" || fail "without a GPU the image does not say so"
fi
docker run --rm --network host "$image-cuda" glownotes run /opt/glownotes/docker/example.ipynb -p steps=5 -o /tmp/done.ipynb
say "docker/test.sh: all passed"
