# The slow part of scripts/cluster, sourced by it: its functions and variables. Costs minutes.
. "$here/tests/cluster/hosts.sh"
. "$here/tests/cluster/slurm.sh"
cluster=$work/hosts

say "shapes of teams and of models: the same bits"
small=(--layers 2 --heads 4 --width 64 --hidden 128 --context 64 --batch 8 --item 1 --steps 6 --samples 0 --quiet)
# model NAME OPTIONS...
model() {
  local name=$1 team n t
  shift
  expected=$name-1x1
  for team in 1x1 1x2 2x1 3x1 2x2 4x1; do
    n=${team%x*} t=${team#*x}
    launched=()
    [ "$n" = 1 ] || launched=(mpirun -n "$n")
    check "$name on $team" 0 600 "${launched[@]}" "$program" train "$work/text.txt" --out "$work/$name-$team" \
      "${small[@]}" --threads "$t" "$@"
    same "$name on $team" "$work/$name-$team"
  done
}
model muon --tokenizer bytes --dropout 0.1
model adamw --tokenizer bytes --optimizer adamw
model bf16 --tokenizer bpe:300 --precision bf16
model bf16-adamw --tokenizer bpe:300 --precision bf16 --optimizer adamw --dropout 0.1
model grouped --tokenizer bytes --kv-heads 2
if grep -q avx512bw /proc/cpuinfo; then
  for precision in fp32 bf16; do
    expected=vectors-$precision
    check "AVX-512 alone" 0 600 "$program" train "$work/text.txt" --out "$work/$expected" "${small[@]}" \
      --tokenizer bytes --threads 1 --precision $precision
    check "a rank with AVX2 and one with AVX-512" 0 90 \
      mpirun -n 1 -x CLLM_SIMD=avx2 "$program" train "$work/text.txt" --out "$work/$expected-2" "${small[@]}" \
      --tokenizer bytes --threads 1 --precision $precision : \
      -n 1 -x CLLM_SIMD=avx512 "$program" train "$work/text.txt" --out "$work/$expected-2" "${small[@]}" \
      --tokenizer bytes --threads 1 --precision $precision
    same "a rank with AVX2 and one with AVX-512" "$work/$expected-2"
  done
else
  echo "skipped: AVX2 beside AVX-512, which this processor lacks" >&2
fi

# A run long enough to be disturbed: some seconds; a save every 20 steps.
long=(--tokenizer bytes --layers 4 --heads 4 --width 128 --hidden 344 --context 64 --batch 8 --item 1 --samples 0
  --eval-every 1000 --quiet)
each=(--threads 1 --save-every 20)  # of a rank
steps=400
pid=

# awaits SECONDS COMMAND...: until it succeeds, as long as what was started runs.
awaits() {
  local k
  for k in $(seq $(($1 * 10))); do
    "${@:2}" >/dev/null 2>&1 && return 0
    [ -z "$pid" ] || kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  fail "waited in vain for: ${*:2}"
}
# Of step 20 or later; the first is that of step 0 or 1.
has_checkpoint() {
  find "$1"/checkpoints -name 'step-*' | sed 's/.*step-//' | awk '$1 >= 20 { found = 1 } END { exit !found }'
}
has_steps() { grep -q '"step":5,' "$1/log.jsonl"; }
starts() {
  setsid timeout -k 5 900 "$@" >"$work/log" 2>&1 </dev/null &
  pid=$!
}
# begins RUN COMMAND...: starts it behind, waits for its first checkpoint; $pid.
begins() {
  starts "${@:2}"
  awaits 300 has_checkpoint "$1"
}
# ends NAME CODE SECONDS: what `begins` started must end so.
ends() {
  local rc=0 k
  cases=$((cases + 1))
  for k in $(seq $(($3 * 10))); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$pid" 2>/dev/null; then
    kill -9 -- "-$pid"
    fail "$1: still runs after $3 s"
  fi
  wait "$pid" || rc=$?
  pid=
  if [ "$2" = x ]; then [ "$rc" != 0 ] || fail "$1: exit 0, expected a failure"
  else [ "$rc" = "$2" ] || fail "$1: exit $rc, expected $2"; fi
}
# ranks_of RUN: the process ids of its ranks, in their order as started.
ranks_of() { pgrep -f -- "^$program .*--out $1" | sort -n; }
# resumes NAME RUN: goes on to the end on one rank, with the bits of the undisturbed run.
resumes() {
  check "$1: resumed" 0 600 "$program" resume "$2" --threads 2 --quiet
  same "$1: resumed" "$2"
}

say "failures on one machine"
expected=undisturbed
check "the undisturbed run" 0 600 "$program" train "$work/text.txt" --out "$work/undisturbed" "${long[@]}" \
  --steps $steps --threads 2 --save-every 20
# train_on RANKS RUN [OPTIONS...]: the words of a training, in ${words[@]}.
train_on() { words=(mpirun -n "$1" "$program" train "$work/text.txt" "${long[@]}" --steps $steps --out "${@:2}"); }
patience=(--peer-patience 3)

train_on 3 "$work/killed" "${each[@]}"
begins "$work/killed" "${words[@]}"
kill -9 "$(ranks_of "$work/killed" | tail -1)"
ends "kill -9 of a rank" x 5
check "kill -9: resumed on 2 ranks" 0 600 mpirun -n 2 "$program" resume "$work/killed" --threads 1 --quiet
same "kill -9: resumed on 2 ranks" "$work/killed"

train_on 2 "$work/stopped" "${each[@]}" "${patience[@]}"
begins "$work/stopped" "${words[@]}"
stopped=$(ranks_of "$work/stopped" | tail -1)
kill -STOP "$stopped"
ends "kill -STOP of a rank" x 13
grep -q 'rank [01] on ' "$work/log" || fail "kill -STOP of a rank: no rank is named"
kill -9 "$stopped" 2>/dev/null || true
resumes "kill -STOP of a rank" "$work/stopped"

train_on 2 "$work/ended" "${each[@]}"
begins "$work/ended" "${words[@]}"
kill -TERM "$(pgrep -P "$pid" mpirun || echo "$pid")"
ends "SIGTERM to mpirun" x 8
resumes "SIGTERM to mpirun" "$work/ended"

train_on 2 "$work/term" "${each[@]}"
begins "$work/term" "${words[@]}"
kill -TERM "$(ranks_of "$work/term" | tail -1)"
ends "SIGTERM to a rank" 143 15
resumes "SIGTERM to a rank" "$work/term"

train_on 2 "$work/usr1" --threads 1 --save-every 300
starts "${words[@]}"
awaits 300 has_steps "$work/usr1"
kill -USR1 "$(pgrep -P "$pid" mpirun || echo "$pid")"
saved_at_once() { find "$work/usr1/checkpoints" -name 'step-[1-9]' -o -name 'step-[1-9][0-9]' | grep .; }
awaits 300 saved_at_once
ends "SIGUSR1 to mpirun" 0 600
same "SIGUSR1 to mpirun" "$work/usr1"

say "cluster_run, when a rank is killed"
echo "localhost slots=2" >"$work/hosts.txt"
starts "$here/tools/cluster_run" --hosts "$work/hosts.txt" --pause 1 --alive true -- "$program" train "$work/text.txt" \
  "${long[@]}" --steps $steps --out "$work/supervised" "${each[@]}"
awaits 300 has_checkpoint "$work/supervised"
kill -9 "$(ranks_of "$work/supervised" | tail -1)"
ends "cluster_run, when a rank is killed" 0 600
says "again in 1 s"
same "cluster_run, when a rank is killed" "$work/supervised"

if [ "$(id -u)" -eq 0 ]; then
  say "a full disk on rank 0"
  mkdir "$work/full"
  mount -t tmpfs -o size=3m tmpfs "$work/full"
  undo+=("umount $work/full")
  train_on 2 "$work/full/run" "${each[@]}"
  check "a full disk on rank 0" x 600 "${words[@]}"
fi

if [ "$(id -u)" -ne 0 ] || ! command -v ip >/dev/null || ! command -v tc >/dev/null; then
  echo "skipped: two hosts, which need root and iproute2" >&2
  return 0
fi
say "two hosts at 1 Gbit/s"
undo+=(hosts_down)
hosts_up 2 1gbit
check "messages between hosts" 0 60 "$cluster/mpirun" -n 2 "$ranks" exchange
check "speed between hosts" 0 60 "$cluster/mpirun" -n 2 "$ranks" speed 8
grep 'MiB from each' "$work/log" >&2 || true
before=$(card_bytes h1)
check "training on two hosts" 0 600 "$cluster/mpirun" -n 2 "$program" train "$work/text.txt" "${long[@]}" "${each[@]}" \
  --steps $steps --out "$work/hosts-run"
echo "   $(($(card_bytes h1) - before)) bytes over the first host's card" >&2
same "training on two hosts" "$work/hosts-run"
say "a text that lies on the first host alone"
"$cluster/on_host" h1 cp "$work/text.txt" /dev/shm/text.txt
one_rank=(-n 1 --host)
apart=("$program" train /dev/shm/text.txt "${tiny[@]}" --out "$work/apart")
expected=one steps=6
check "a text that lies on the first host alone" 0 300 "$cluster/mpirun" "${one_rank[@]}" h1 \
  -x CLLM_CACHE="$work/cache1" "${apart[@]}" : "${one_rank[@]}" h2 -x CLLM_CACHE="$work/cache2" "${apart[@]}"
same "a text that lies on the first host alone" "$work/apart"
cmp "$work"/cache1/tokens-* "$work"/cache2/tokens-* >"$work/log" 2>&1 ||
  fail "the second host has no copy of the tokens"
expected=undisturbed steps=400
say "bytes on the wire of 10.7 million parameters"
# wire NAME PRECISION MOST: the share of 12 bytes a parameter that a step sends and receives, with all headers: what
# four more steps take.
wire() {
  local n bytes=()
  for n in 2 6; do
    before=$(card_bytes h1)
    check "bytes on the wire, $2" 0 900 "$cluster/mpirun" -n 2 "$program" train "$work/text.txt" --tokenizer bytes \
      --layers 6 --heads 6 --width 384 --hidden 1024 --context 256 --batch 4 --item 1 --steps $n --warmup 1 \
      --samples 0 --quiet --threads 1 --optimizer "$1" --precision "$2" --eval-every 1000 --save-every 1000 \
      --out "$work/wire-$1-$2-$n"
    bytes+=($(($(card_bytes h1) - before)))
  done
  # Of two ranks each sends, and receives, for a half of the parameters: 12 bytes for each of all.
  share=$(((bytes[1] - bytes[0]) * 1000 / (4 * 12 * 10721280)))
  echo "   $1, $2: 0.$(printf %03d "$share") of the plain 12 bytes, $3 thousandths at most" >&2
  [ "$share" -le "$3" ] || fail "more bytes on the wire than expected"
}
wire adamw fp32 780
wire muon fp32 780
wire adamw bf16 620
say "a link that goes down"
begins "$work/cut" "$cluster/mpirun" -n 2 "$program" train "$work/text.txt" "${long[@]}" "${each[@]}" --steps $steps \
  --out "$work/cut" "${patience[@]}"
ip -n hsw link set p2 down
no_rank() { [ -z "$(ranks_of "$work/cut")" ]; }
# 3 s of patience, 5 s in which MPI may end in order, and 5 s more. mpirun itself may wait for ever.
awaits 13 no_rank
grep -q 'rank 1 on h2 sent nothing' "$work/log" || fail "a link that goes down: the rank is not named"
kill -9 -- "-$pid"
wait "$pid" || true
pid=
ip -n hsw link set p2 up
resumes "a link that goes down" "$work/cut"
if [ -e /dev/net/tun ] && command -v g++ >/dev/null; then
  say "two hosts a millisecond apart"
  g++ -std=c++20 -O1 -pthread -o "$work/cable" "$here/tests/cluster/cable.cc"
  "$work/cable" h1 h2 1000 1000 >"$work/cable.log" 2>&1 &
  undo+=("kill $!")
  awaits 10 grep -q up "$work/cable.log"
  steps=40
  expected=far-alone
  check "undisturbed" 0 600 "$program" train "$work/text.txt" "${long[@]}" "${each[@]}" --steps $steps \
    --out "$work/far-alone"
  check "training a millisecond apart" 0 600 env NETWORK=10.78.0.0/24 "$cluster/mpirun" -n 2 "$program" train \
    "$work/text.txt" "${long[@]}" "${each[@]}" --steps $steps --out "$work/far"
  same "training a millisecond apart" "$work/far"
  steps=400
  expected=undisturbed
fi

if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  echo "skipped: Slurm, as slurmctld, slurmd or munge is not there" >&2
  return 0
fi
say "a Slurm of two nodes"
undo=(slurm_down "${undo[@]}")
slurm_up
export CLLM_CACHE
check "srun" 0 600 "$slurm/client" srun --mpi=pmix -N2 -n2 "$program" train "$work/text.txt" "${long[@]}" "${each[@]}" \
  --steps $steps --out "$work/srun"
same "srun" "$work/srun"
check "srun without MPI" x 60 "$slurm/client" srun --mpi=none -N2 -n2 "$program" train "$work/text.txt" "${tiny[@]}" \
  --out "$work/no"
says "srun --mpi=pmix"

# script LAUNCHER RUN: writes the script of a job that begins a run or goes on with it.
script() {
  cat >"$work/job.sh" <<JOB
#!/bin/bash
if [ -d $2/checkpoints ]; then
  $1 $program resume $2 --threads 1 --quiet
else
  $1 $program train $work/text.txt ${long[*]} ${each[*]} --steps $steps --out $2
fi
rc=\$?
[ \$rc = 143 ] && [ -e $work/requeue ] && scontrol requeue \$SLURM_JOB_ID && sleep 30
exit \$rc
JOB
}
script "mpirun --bind-to none -n 2" "$work/batch"
id=$("$slurm/client" sbatch --parsable -N2 -n2 --chdir="$PWD" -o "$work/batch.out" "$work/job.sh")
[ "$(job_ended "$id" 1200)" = COMPLETED ] || { cp "$work/batch.out" "$work/log"; fail "sbatch with mpirun"; }
same "sbatch with mpirun" "$work/batch"

script "srun --mpi=pmix -n 2" "$work/cancelled"
id=$("$slurm/client" sbatch --parsable -N2 -n2 --chdir="$PWD" -o "$work/cancelled.out" "$work/job.sh")
awaits 300 has_checkpoint "$work/cancelled"
"$slurm/client" scancel "$id"
job_ended "$id" 120 >/dev/null
resumes "scancel" "$work/cancelled"

steps=1000000
script "srun --mpi=pmix -n 2" "$work/limited"
steps=400
id=$("$slurm/client" sbatch --parsable -t 1 --signal=TERM@45 -N2 -n2 --chdir="$PWD" -o "$work/limited.out" \
  "$work/job.sh")
job_ended "$id" 300 >/dev/null
awaits 30 grep "stopped at step" "$work/limited.out"  # what a job prints may come a little later
check "a time limit with --signal: what it saved" 0 120 "$program" inspect "$work/limited@latest" --verify

script "srun --mpi=pmix -n 2" "$work/preempted"
touch "$work/requeue"
id=$("$slurm/client" sbatch --parsable -p low --requeue -N2 -n2 --chdir="$PWD" -o "$work/preempted.out" "$work/job.sh")
awaits 300 has_checkpoint "$work/preempted"
high=$("$slurm/client" sbatch --parsable -p high -N2 -n4 --wrap "sleep 3")
job_ended "$high" 600 >/dev/null
[ "$(job_ended "$id" 1200)" = COMPLETED ] || { cp "$work/preempted.out" "$work/log"; fail "preempted and requeued"; }
same "preempted and requeued" "$work/preempted"
