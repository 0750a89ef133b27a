# A Slurm of two nodes, h1 and h2 of hosts.sh, without systemd: a munge of its own, the controller on h1. Sourced after
# hosts.sh, needs its hosts, slurmd, slurmctld, slurm-client, munge, slurm-wlm-basic-plugins.

slurm_up() {
  slurm=$cluster/slurm
  rm -rf "$slurm"
  mkdir -p "$slurm"/{ctld,log,munge,h1.spool,h2.spool,tmp.h1,tmp.h2}
  head -c 128 /dev/urandom >"$slurm/munge/key"
  chmod 400 "$slurm/munge/key"
  chmod 700 "$slurm/munge"
  munged --force --socket="$slurm/munge.socket" --key-file="$slurm/munge/key" --log-file="$slurm/munge/munged.log" \
    --pid-file="$slurm/munge/munged.pid" --seed-file="$slurm/munge/seed"
  cat >"$slurm/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=h1(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge.socket
MailProg=/bin/true
SlurmctldPidFile=$slurm/ctld/pid
SlurmdPidFile=$slurm/%n.pid
SlurmdSpoolDir=$slurm/%n.spool
StateSaveLocation=$slurm/ctld
SlurmctldLogFile=$slurm/log/ctld.log
SlurmdLogFile=$slurm/log/%n.log
TmpFS=$slurm/tmp.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=10
SlurmdTimeout=10
NodeName=h1 NodeAddr=10.77.0.1 CPUs=2
NodeName=h2 NodeAddr=10.77.0.2 CPUs=2
PartitionName=low Nodes=h1,h2 Default=YES State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=10
PartitionName=high Nodes=h1,h2 State=UP PriorityTier=10 PreemptMode=OFF
CONF
  cat >"$slurm/client" <<CLIENT
#!/bin/bash
# client PROGRAM ARGUMENT...: a client of Slurm, on h1.
exec "$cluster/on_host" h1 env SLURM_CONF="$slurm/slurm.conf" OMPI_MCA_btl_tcp_if_include=10.77.0.0/24 \\
  PMIX_MCA_gds=hash "\$@"
CLIENT
  chmod +x "$slurm/client"
  local node k
  "$cluster/rsh" h1 "SLURM_CONF=$slurm/slurm.conf slurmctld -c"
  for node in h1 h2; do "$cluster/rsh" "$node" "SLURM_CONF=$slurm/slurm.conf slurmd -N $node"; done
  for k in $(seq 300); do
    [ "$("$slurm/client" sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" = 2 ] && return 0
    sleep 0.1
  done
  echo "Slurm's two nodes do not come up" >&2
  return 1
}

slurm_down() {
  local file id k
  for id in $("$slurm/client" squeue -h -o %A 2>/dev/null); do
    "$slurm/client" scancel --signal=KILL --full "$id" 2>/dev/null
    "$slurm/client" scancel "$id" 2>/dev/null
  done
  for k in $(seq 100); do
    [ -n "$("$slurm/client" squeue -h 2>/dev/null)" ] || break
    sleep 0.1
  done
  for file in "$slurm"/h1.pid "$slurm"/h2.pid "$slurm/ctld/pid" "$slurm/munge/munged.pid"; do
    [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null
  done
  true
}

# job_state ID: its state, such as COMPLETED, of the controller's memory or what it has written last.
job_state() { "$slurm/client" scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }

# job_ended ID SECONDS: waits until a job has ended; its state.
job_ended() {
  local k state=
  for k in $(seq $(($2 * 10))); do
    state=$(job_state "$1")
    case $state in
      "" | PENDING | RUNNING | COMPLETING | CONFIGURING | REQUEUED | SUSPENDED) sleep 0.1 ;;
      *) break ;;
    esac
  done
  echo "$state"
}
