# Guards one Postgres server for the test process that started this shell.
#   $1 the folder for temporary folders, $2 the folder of one major's server
# Commands are lines on standard input, each answered by one line: `start` -> the server's process id; `halt SIGNAL` ->
# `halted`. When standard input closes, because the test process is done or because it was killed, the server is
# stopped and its folder removed; nothing else has to work for that.
set -u
home=$2
dir=$(mktemp -d "$1/pgseal.XXXXXX") || exit 1
pid=

halt() {
  [ -n "$pid" ] || return 0
  kill -"$1" "$pid" 2>/dev/null
  tries=0
  while [ "$1" != KILL ] && [ -e "$dir/data/postmaster.pid" ]; do
    sleep 0.05
    tries=$((tries + 1))
    if [ "$tries" -ge 300 ]; then kill -KILL "$pid" 2>/dev/null; break; fi
  done
  wait "$pid" 2>/dev/null
  pid=
}

trap '' INT QUIT HUP TERM
if tar -xf "$home/template.tar" -C "$dir" --no-same-owner; then
  echo "$dir"
  while read -r command argument; do
    case $command in
      start)
        halt QUIT
        # a handler that is ignored here would be ignored there
        (trap - INT QUIT HUP TERM; exec "$home/bin/postgres" -D "$dir/data" -k "$dir" >>"$dir/log" 2>&1 </dev/null) &
        pid=$!
        echo "$pid"
        ;;
      halt)
        halt "$argument"
        echo halted
        ;;
    esac
  done
fi
exec >/dev/null 2>&1
halt QUIT
cd /
tries=0
# processes of a killed server may write their last file while the folder goes
while [ -e "$dir" ] && [ "$tries" -lt 50 ]; do
  rm -rf "$dir"
  [ ! -e "$dir" ] || sleep 0.1
  tries=$((tries + 1))
done
