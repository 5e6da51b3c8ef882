#!/usr/bin/env bash
# Starts Redis and two servers that share its log, without containers: `deploy/replicas.sh RUN`. `deploy/nginx.conf` in front may send any request to either.
set -euo pipefail
run="$1"
: "${REDISCLI_AUTH:=$(openssl rand -hex 32)}"
export REDISCLI_AUTH
mkdir -p redis
trap 'kill $(jobs -p)' EXIT
# Each write is on the disk before it is answered. The password is read from standard input, so that no list of processes shows it.
redis-server - --port 6379 --bind 127.0.0.1 --dir redis --appendonly yes --appendfsync always --maxmemory-policy noeviction <<<"requirepass $REDISCLI_AUTH" &
until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.1; done
for port in 8321 8322; do
  npx tower serve "$run" --port "$port" --events redis://127.0.0.1/shop --items redis://127.0.0.1/shop &
done
wait
