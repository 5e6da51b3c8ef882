#!/usr/bin/env bash
# Starts Redis and two servers that share its log, without containers: `deploy/replicas.sh RUN`, or `deploy/replicas.sh --watch FOLDER`, in the folder of your
# project. A part that ends is started again; Ctrl-C ends all. `deploy/nginx.conf` in front may send any request to either server.
set -euo pipefail
if [ $# -eq 0 ]; then
  echo 'give a run, or `--watch FOLDER`, as for `tower serve`' >&2
  exit 2
fi
folder=redis
mkdir -p "$folder"
# A password for Redis and a token for the servers, which only you can read. Later starts use the same.
for secret in password token; do
  [ -s "$folder/$secret" ] || (umask 077 && openssl rand -hex 32 >"$folder/$secret")
done
REDISCLI_AUTH="$(<"$folder/password")"
export REDISCLI_AUTH

keep() {
  trap 'kill "$program" && wait "$program"; exit' TERM
  while :; do
    "$@" &
    program=$!
    wait "$program" || true
    sleep 1
  done
}
# Each write is on the disk before it is answered. The password is read from standard input, so that no list of processes shows it.
redis() {
  exec redis-server - --port 6379 --bind 127.0.0.1 --dir "$folder" --appendonly yes --appendfsync always --maxmemory-policy noeviction \
    <<<"requirepass $REDISCLI_AUTH"
}

trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null; wait' EXIT
trap exit INT TERM
keep redis &
until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.1; done
log=redis://127.0.0.1/shop
for port in 8321 8322; do
  keep node_modules/.bin/tower serve "$@" --port "$port" --token-file "$folder/token" --events "$log" --items "$log" &
done
wait
