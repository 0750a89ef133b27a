# Hosts on one machine: network namespaces on a bridge, each with its own network card of a given rate, host name,
# shared memory and temporary directory. Needs root, iproute2 and util-linux. Sourced; $cluster is a directory for what
# is kept.

# hosts_up N [RATE]: hosts h1..hN, 10.77.0.1 and on; RATE as for tc ("1gbit"), both ways.
hosts_up() {
  local count=$1 rate=${2:-} i k
  mkdir -p "$cluster"
  ip netns add hsw
  ip -n hsw link add br0 type bridge
  ip -n hsw link set br0 up
  ip -n hsw link set lo up
  { echo "127.0.0.1 localhost"; for k in $(seq "$count"); do echo "10.77.0.$k h$k"; done; } >"$cluster/etchosts"
  for i in $(seq "$count"); do
    ip netns add "h$i"
    ip -n "h$i" link set lo up
    ip link add eth0 netns "h$i" type veth peer name "p$i" netns hsw
    ip -n hsw link set "p$i" master br0 up
    ip -n "h$i" addr add "10.77.0.$i/24" dev eth0
    ip -n "h$i" link set eth0 up
    if [ -n "$rate" ]; then
      ip netns exec "h$i" tc qdisc add dev eth0 root tbf rate "$rate" burst 256k latency 20ms
      ip netns exec hsw tc qdisc add dev "p$i" root tbf rate "$rate" burst 256k latency 20ms
    fi
    mkdir -p "$cluster/tmp.h$i"
    # Held by a process that sleeps. Without a name and shared memory of its own, two daemons of MPI would share files.
    nsenter --net="/run/netns/h$i" unshare --uts --ipc --mount --propagation private bash -c \
      "hostname h$i; mount -t tmpfs tmpfs /dev/shm; mount --bind $cluster/etchosts /etc/hosts; exec sleep 100000" \
      >/dev/null 2>&1 </dev/null &
    echo $! >"$cluster/h$i.pid"
  done
  for i in $(seq "$count"); do
    for k in $(seq 200); do
      [ "$(nsenter -t "$(cat "$cluster/h$i.pid")" -u hostname 2>/dev/null)" = "h$i" ] && break
      sleep 0.05
    done
    echo "h$i slots=2"
  done >"$cluster/hostfile"
  # Programs rather than functions, so that MPI and timeout can start them.
  cat >"$cluster/rsh" <<RSH
#!/bin/bash
# rsh HOST COMMAND...: a command line on that host.
host=\$1
shift
exec "$cluster/on_host" "\$host" bash -c "\$*"
RSH
  cat >"$cluster/on_host" <<ON_HOST
#!/bin/bash
# on_host HOST PROGRAM ARGUMENT...
host=\$1
shift
exec nsenter -t "\$(cat "$cluster/\$host.pid")" -n -u -i -m --wd="\$PWD" -- env TMPDIR="$cluster/tmp.\$host" "\$@"
ON_HOST
  # The network whose messages go over the cable of cable.cc is 10.78.0.0/24.
  cat >"$cluster/mpirun" <<MPIRUN
#!/bin/bash
# mpirun ARGUMENT...: from h1 over the hosts, a rank on each in turn; messages over \$NETWORK.
exec "$cluster/on_host" h1 mpirun --mca plm_rsh_agent "$cluster/rsh" --hostfile "$cluster/hostfile" \
  --mca btl_tcp_if_include "\${NETWORK:-10.77.0.0/24}" --mca oob_tcp_if_include 10.77.0.0/24 --bind-to none \
  --map-by node "\$@"
MPIRUN
  chmod +x "$cluster/rsh" "$cluster/on_host" "$cluster/mpirun"
}

hosts_down() {
  local file name
  for file in "$cluster"/h[0-9]*.pid; do
    [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null
    rm -f "$file"
  done
  for name in $(ip netns list | awk '{print $1}' | grep -E '^(h[0-9]+|hsw)$'); do ip netns del "$name"; done
  true
}

# card_bytes HOST: that its card has sent and received.
card_bytes() {
  ip -n "$1" -s -j link show eth0 | python3 -c \
    'import json, sys; card = json.load(sys.stdin)[0]["stats64"]; print(card["tx"]["bytes"] + card["rx"]["bytes"])'
}
