#!/usr/bin/env bash
# Contacts over HTTP into a fresh SQLite database, each durable before it is answered: first as many as go, then half as
# many. The load comes from the same cores. Usage: contacts.sh DAAK [SECONDS]; prints one line of JSON.
set -euo pipefail
cd "$(dirname "$0")/.."
daak=$1
seconds=${2:-10}
connections=128
data=$(mktemp -d)
DAAK__HTTP__LISTEN=127.0.0.1:0 "$daak" serve --config config/bench.toml --data "$data" --role platform,written >"$data/said" &
serving=$!
trap 'kill "$serving" 2>/dev/null || true; wait "$serving" 2>/dev/null || true; rm -rf "$data"' EXIT

url=
for _ in $(seq 100); do
  url=$(sed -n 's/^http  *//p' "$data/said")
  [ -n "$url" ] && break
  sleep 0.1
done

processor() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) / hz}' "/proc/$serving/stat"; }

load() { # PAUSE: milliseconds that each connection waits between two contacts
  wrk -t1 -c"$connections" -d"${seconds}s" -s benches/contacts.lua "$url" -- "$1" | tail -1
}

before=$(processor)
full=$(load 0)
after=$(processor)
rate=$(sed 's/.*"contacts_per_s": \([0-9]*\).*/\1/' <<<"$full")
half=$(load $((connections * 2000 / (rate > 0 ? rate : 1))))
each=$(awk "BEGIN {printf \"%.0f\", ($after - $before) * 1e6 / ($rate * $seconds)}")
echo "{\"full\": $full, \"half\": $half, \"processor_us_each\": $each}"
