#!/bin/bash
# A Slurm cluster of a test's own: munged, slurmctld and several slurmd on this machine, on ports of their own and with all
# state below one folder. It needs root (or a user that may be slurmd's), disturbs no other cluster, and is stopped by `stop`.
#
#   cluster.sh start FOLDER [NODES] [FIRST_PORT] [SETTING...]
#   cluster.sh controller-stop FOLDER | controller-start FOLDER
#   cluster.sh node-stop FOLDER NODE | node-start FOLDER NODE
#   cluster.sh stop FOLDER
#
# FOLDER/slurm.conf is what SLURM_CONF must name for the commands to speak to it. A SETTING is a line of it, in the place of the
# one that begins alike; a partition comes beside the others. `MaxSubmitJobs=N` is none of it: the most jobs that this user may have
# in the queue and running. It is kept by slurmdbd, which needs its own database: mariadbd, run here too.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
# Daemons live on: they must not hold what the caller waits for the end of.
for file in /proc/$$/fd/*; do
  number=${file##*/}
  if [ "$number" -gt 2 ] && [ "$number" -ne 255 ]; then eval "exec $number>&-"; fi
done
verb=$1
folder=$2
export SLURM_CONF="$folder/slurm.conf"

# Whether a process runs; one that has ended and that nobody has waited for does not.
runs() { grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }

alive() { [ -f "$1" ] && runs "$(cat "$1")"; }

# Ends a daemon and waits for its end; one that does not end is killed.
end() {
  alive "$1" || { rm -f "$1"; return 0; }
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    runs "$pid" || { rm -f "$1"; return 0; }
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1"
}

start_controller() { slurmctld -f "$SLURM_CONF" >"$folder/slurmctld.out" 2>&1; }

start_node() { slurmd -f "$SLURM_CONF" -N "$1" >"$folder/$1.out" 2>&1; }

# The accounts: a database of the cluster's own, and slurmdbd before it.
start_accounting() {
  mkdir -p "$folder/database"
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$folder/database" --auth-root-authentication-method=normal \
    --skip-test-db >"$folder/database.out" 2>&1
  export MYSQL_UNIX_PORT="$folder/database.sock"
  mariadbd --no-defaults --user="$(id -un)" --datadir="$folder/database" --socket="$MYSQL_UNIX_PORT" --skip-networking \
    --pid-file="$folder/database.pid" --innodb-buffer-pool-size=32M --innodb-lock-wait-timeout=900 \
    --innodb-flush-log-at-trx-commit=0 </dev/null >>"$folder/database.out" 2>&1 &
  cat >"$folder/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 9))
SlurmUser=$(id -un)
PidFile=$folder/slurmdbd.pid
LogFile=$folder/log/slurmdbd
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=accounts
CONF
  chmod 600 "$folder/slurmdbd.conf"
  for setting in AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1 \
    "AccountingStoragePort=$((port + 9))" "AccountingStoragePass=$folder/munge/socket" AccountingStorageEnforce=limits; do echo "$setting" >>"$SLURM_CONF"; done
  for _ in $(seq 150); do
    [ -S "$MYSQL_UNIX_PORT" ] && slurmdbd >"$folder/slurmdbd.out" 2>&1 && break
    sleep 0.2
  done
  for _ in $(seq 50); do
    timeout 5 sacctmgr --immediate add cluster "graft$port" >"$folder/sacctmgr.out" 2>&1 && break
    sleep 0.5
  done
  sacctmgr --immediate modify user root where Cluster="graft$port" set MaxSubmitJobs="$1" >>"$folder/sacctmgr.out" 2>&1
}

start() {
  nodes=${3:-3}
  port=${4:-7817}
  shift $(($# < 4 ? $# : 4))
  mkdir -p "$folder/munge" "$folder/state" "$folder/log"
  chmod 755 "$folder"
  # munged does not like folders that others may write to, and keeps its socket and key as its own user's.
  owner=$(id -un)
  if [ "$owner" = root ] && id munge >/dev/null 2>&1; then owner=munge; fi
  dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 2>/dev/null
  chmod 600 "$folder/munge/key"
  chmod 755 "$folder/munge"
  [ "$owner" = "$(id -un)" ] || chown -R "$owner" "$folder/munge"
  as_owner() { if [ "$owner" = "$(id -un)" ]; then "$@"; else setpriv --reuid "$owner" --clear-groups "$@"; fi; }
  as_owner munged --force --socket="$folder/munge/socket" --key-file="$folder/munge/key" \
    --log-file="$folder/munge/log" --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" 2>"$folder/munge.out"

  cat >"$SLURM_CONF" <<CONF
ClusterName=graft$port
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/%n
SlurmctldDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MaxArraySize=1001
MaxJobCount=10000
MinJobAge=60
SlurmdTimeout=10
KillWait=5
InactiveLimit=0
JobRequeue=1
SchedulerParameters=sched_min_interval=20000,batch_sched_delay=1,defer_batch
SchedulerTimeSlice=5
MailProg=/bin/true
SlurmctldParameters=enable_configless
CONF
  n=1
  while [ "$n" -le "$nodes" ]; do
    echo "NodeName=node$n NodeAddr=127.0.0.1 Port=$((port + n)) CPUs=2 RealMemory=8000 State=UNKNOWN" >>"$SLURM_CONF"
    n=$((n + 1))
  done
  echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE OverTimeLimit=0 State=UP" >>"$SLURM_CONF"
  for setting in "$@"; do
    case "$setting" in
      MaxSubmitJobs=*)
        start_accounting "${setting#*=}"
        continue
        ;;
      PartitionName=*) ;;
      *) sed -i "/^${setting%%=*}=/d" "$SLURM_CONF" ;;
    esac
    echo "$setting" >>"$SLURM_CONF"
  done
  start_controller
  n=1
  while [ "$n" -le "$nodes" ]; do
    start_node "node$n"
    n=$((n + 1))
  done
  for _ in $(seq 150); do
    # A node has a line for each of its partitions.
    up=$(sinfo --noheader --Node --format='%N %T' 2>/dev/null | sort -u | grep -c ' idle$' || true)
    [ "$up" = "$nodes" ] && return 0
    sleep 0.2
  done
  echo "cluster.sh: only $up of $nodes nodes came up; see $folder/log" >&2
  return 1
}

case "$verb" in
  start) start "$@" ;;
  controller-stop) end "$folder/slurmctld.pid" ;;
  controller-start) start_controller ;;
  node-stop) end "$folder/$3.pid" ;;
  node-start) start_node "$3" ;;
  stop)
    daemons="$(echo "$folder"/node*.pid) $folder/slurmctld.pid $folder/slurmdbd.pid $folder/database.pid $folder/munge/pid"
    # Nobody asks for what they know any longer, and an orderly end takes each of them seconds.
    for file in $daemons; do
      if alive "$file"; then kill -9 "$(cat "$file")" 2>/dev/null || true; fi
    done
    for file in $daemons; do end "$file"; done
    # What keeps the jobs of these nodes lives on without them, and so do the jobs: they began in this folder's spool.
    for process in /proc/[0-9]*; do
      case "$(tr '\0' ' ' 2>/dev/null <"$process/cmdline")" in
        "slurmstepd:"*) grep -qsF "$folder/" "$process/environ" || continue ;;
        *"$folder/spool."*) ;;
        *) continue ;;
      esac
      kill -9 "${process#/proc/}" 2>/dev/null || true
    done
    ;;
  *) echo "cluster.sh: start, stop, controller-stop, controller-start, node-stop or node-start, then a folder" >&2; exit 64 ;;
esac
