#!/usr/bin/env bash
# A sweep on a real Slurm of one node, this machine: a job array, a worker
# killed and its task requeued by Slurm, a time limit reached, a task
# cancelled, and a second call that submits only what is missing.
#
#   docker/slurm_test.sh
#
# Needs root and Debian's slurm-wlm and munge (apt-get install slurm-wlm).
# Everything of Slurm (configuration, state, sockets, ports) is this script's
# own and is gone afterwards; a Slurm of the machine is not touched.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'docker/slurm_test.sh: %s\n' "$*" >&2
  tail -n 20 "$work"/*.log "$dir"/slurm/*.log >&2 2>/dev/null || true
  exit 1
}
[ "$(id -u)" = 0 ] || { echo "slurm_test.sh: slurmd needs root" >&2; exit 1; }
for p in slurmctld slurmd sbatch munged; do
  command -v "$p" >/dev/null || { echo "slurm_test.sh: no $p: apt-get install slurm-wlm munge" >&2; exit 1; }
done

work=$(mktemp -d /run/glownotes-slurm-XXXXXX) # munged wants a folder that nobody else may write to
chmod 755 "$work"
shared=$(mktemp -d)
dir=$shared/example.sweep
host=$(hostname -s)
cleanup() {
  for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
  wait || true
  rm -rf "$work" "$shared"
}
trap cleanup EXIT

say "munged, slurmctld, slurmd"
dd if=/dev/urandom of="$work/munge.key" bs=128 count=1 2>/dev/null
chmod 600 "$work/munge.key"
cat >"$work/slurm.conf" <<END
ClusterName=glownotes
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
CryptoType=crypto/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=10
MinJobAge=300
SchedulerParameters=requeue_delay=1,batch_sched_delay=0,sched_interval=1
SchedulerType=sched/builtin
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
mkdir "$work/state" "$work/spool"
export SLURM_CONF=$work/slurm.conf
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.sock" --pid-file="$work/munge.pid" \
  --log-file="$work/munge.log" --seed-file="$work/munge.seed" >"$work/munged.log" 2>&1 &
for _ in $(seq 600); do [ -S "$work/munge.sock" ] && break; sleep 0.1; done
slurmctld -D >"$work/slurmctld.out.log" 2>&1 &
slurmd -D -N "$host" >"$work/slurmd.out.log" 2>&1 &
for _ in $(seq 400); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 0.3; done
sinfo | grep -q idle || fail "the node does not become idle"
sinfo --version
sinfo

say "the kernel"
go build -o "$shared/glownotes" ./kernel
"$shared/glownotes" version
export GLOWNOTES_ROOT=$PWD GOMAXPROCS=1
sweep() { "$shared/glownotes" sweep docker/example.ipynb --dir "$dir" --slurm --cpus 1 -p steps=300 -p every=20 "$@"; }
# A line of the gathered table for each run, through SQL.
table() { python3 -c 'import sqlite3, sys; [print(*r) for r in sqlite3.connect(sys.argv[1]).execute(sys.argv[2])]' "$dir/table.sqlite" "$1"; }
trained() { grep -c . "$dir"/runs/"$1"*/log.jsonl 2>/dev/null || echo 0; }
wait_for() { # COMMAND...: for at most two minutes and more
  for _ in $(seq 1200); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
  fail "never came true: $*"
}
has_checkpoint() { ls "$dir"/runs/"$1"*/checkpoints/step-*.safetensors; }
pid_of() { python3 -c 'import glob, json, sys; print(json.load(open(glob.glob(sys.argv[1])[0]))["pid"])' "$dir/runs/$1*/status.json"; }
# start_soon TASK: Slurm holds a requeued task back for two minutes, which is not
# what is tested here. A few seconds it needs: it takes the new start for the old
# one, which it has just revoked, when both are of the same second.
start_soon() {
  local job
  job=$(tail -n 1 "$dir/slurm/jobs")
  wait_for sh -c "squeue -h -r -j $job -o '%K %T %R' | grep '^$1 PENDING (BeginTime)'"
  scontrol update jobid="${job}_$1" starttime=now+4
}

say "an array of four tasks; the worker of the first is killed"
sweep --grid n_w=16,32 --seeds 2
wait_for has_checkpoint n_w=16,seed=1
newest=$(has_checkpoint n_w=16,seed=1 | sed 's/.*step-0*\([0-9]*\)\..*/\1/' | tail -n 1)
kill -KILL "$(pid_of n_w=16,seed=1)"
start_soon 0
"$shared/glownotes" sweep status "$dir" --watch
table 'SELECT n_w, seed, state, attempts, trained, round(bits_per_dim, 3) FROM runs'
[ "$(table "SELECT count(*) FROM runs WHERE state = 'done' AND trained = 300")" = 4 ] || fail "not all four are done"
[ "$(table 'SELECT attempts FROM runs WHERE n_w = 16 AND seed = 1')" = 2 ] || fail "the killed task was not taken up again"
grep -l requeued "$dir"/slurm/*.log || fail "no task was requeued"
[ "$(cat "$dir"/slurm/*.log | grep -c "DUE TO JOB REQUEUE")" = 1 ] || fail "Slurm has requeued more than the task that was killed"
resumed=$(sed -n 's/.*"resumed at step \([0-9]*\).*/\1/p' "$dir"/runs/n_w=16,seed=1*/notebook.ipynb)
echo "killed after checkpoint $newest, resumed at step ${resumed:=0}"
[ "$resumed" -ge "$newest" ] || fail "the requeued task did not resume at the last checkpoint"

say "a second call: nothing to do; then two new points"
sweep --grid n_w=16,32 --seeds 2 | tee "$work/second.log"
grep -q "4 done, 0 to do" "$work/second.log" || fail "finished runs are not seen"
before=$(wc -l <"$dir/slurm/jobs")
[ "$before" = 1 ] || fail "a job was submitted for nothing"
sweep --grid n_w=16,32,48 --seeds 2 --parallel 1 | tee "$work/third.log"
grep -q "4 done, 2 to do" "$work/third.log" || fail "not only the two new points are to do"
sweep --grid n_w=16,32,48 --seeds 2 | tee "$work/fourth.log"
grep -q "Slurm has 2 of them" "$work/fourth.log" || fail "queued points are not seen"
[ "$(wc -l <"$dir/slurm/jobs")" = 2 ] || fail "queued points were submitted again"

say "the running task is cancelled: it saves and stays away"
wait_for has_checkpoint n_w=48,seed=1
job=$(tail -n 1 "$dir/slurm/jobs")
scancel "${job}_4"
wait_for grep -q stopped "$dir"/runs/n_w=48,seed=1*/status.json
wait_for has_checkpoint n_w=48,seed=2

say "Slurm's notice of the time limit: the task saves, is requeued and ends"
scancel --batch --signal=USR1 "${job}_5"
start_soon 5
wait_for grep -q '"attempts": 2' "$dir"/runs/n_w=48,seed=2*/status.json
cancelled_is_gone() { ! squeue -h -r -j "$job" -o '%K %T' | grep '^4 '; }
wait_for cancelled_is_gone # once Slurm has tidied up
if grep "Requeuing JobId=${job}_4(" "$work/slurmctld.log"; then fail "the cancelled task was requeued"; fi
grep -h "time limit" "$dir"/slurm/*.log || fail "the notice was not seen"
sweep --grid n_w=16,32,48 --seeds 2 --wait
[ "$(wc -l <"$dir/slurm/jobs")" = 3 ] || fail "the cancelled point was not submitted again"
table 'SELECT n_w, seed, state, attempts, trained, round(bits_per_dim, 3) FROM runs'
[ "$(table "SELECT count(*) FROM runs WHERE state = 'done' AND trained = 300")" = 6 ] || fail "not all six are done"
for seed in 1 2; do
  [ "$(trained n_w=48,seed=$seed)" = 300 ] || fail "a run that was told to stop has done $(trained n_w=48,seed=$seed) steps for 300"
done
say "docker/slurm_test.sh: all passed"
