#!/usr/bin/env bash
# Runs the benchmarks, one after the other, and writes one line of JSON for each to target/bench/*.json.
# A figure is worth something beside another of the same run: machines differ, and the same machine differs by the hour.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"
out=target/bench
models="${MODELS:-$HOME/.local/share/daak/models}"
seconds="${SECONDS_EACH:-10}"
mkdir -p "$out"

cargo build --release --locked -p voice-media -p voice-speech -p voice-sip -p daak-letter --examples
cargo build --release --locked --bin daak

measure() { # NAME COMMAND...
  local name=$1
  shift
  echo "measuring $name"
  "$@" | tee "$out/$name.json"
}

for streams in 100 400 1000; do
  measure "media-play-$streams" "$target/release/examples/load" play "$streams" "$seconds"
done
measure media-bridge-100 "$target/release/examples/load" bridge 100 "$seconds"

measure contacts benches/contacts.sh "$target/release/daak" "$seconds"
measure store cargo bench --locked --bench store -- "${TICKETS:-100000}"

cargo build --release --locked -p daak-domain --example year
measure year "$target/release/examples/year" "${TICKETS:-100000}" 1

model="$models/whisper-base-q8_0.bin"
if [ -e "$model" ]; then
  measure speech "$target/release/examples/bench_speech" "$model" 10
else
  echo "speech is left out: there is no model in $models; fetch one with make model"
fi
echo "measuring letters" # writes target/bench/letters.json itself
"$target/release/examples/cer"
measure mail cargo bench --quiet --locked --bench mail
measure machine "$(command -v python3)" -c 'import json, os
print(json.dumps({"cores": os.cpu_count(), "load_1m": os.getloadavg()[0]}))'
echo "written to $out"
