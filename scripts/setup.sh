#!/usr/bin/env bash
# Set up everything `make demo` and `make test` need. Quick when nothing changed since the last time.
export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 # trust what the machine trusts
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Modules are compiled once, here: uv leaves that to whoever imports them first, and where PYTHONDONTWRITEBYTECODE is set
# every start of every process would do it again, which is half of the time it takes. Fixtures for other Pythons in
# some packages do not compile; that is theirs.
compiled() { .venv/bin/python -m compileall -qq -j 0 "$@" >/dev/null || true; }
ours=(activities api schemas ticketos workers workflows)

stamp=.venv/.setup-stamp
key=$(cat requirements.lock pyproject.toml system-packages.txt scripts/setup.sh | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d' ' -f1)
if [ -x .venv/bin/ticketos ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
  compiled "${ours[@]}"
  exit 0
fi

system_packages() {
  if ! command -v apt-get >/dev/null; then
    if command -v brew >/dev/null; then
      say "macOS: if something is missing, run: brew install tesseract tesseract-lang pango"
    else
      say "No apt-get here: install the equivalents of system-packages.txt yourself; 'ticketos doctor' checks them."
    fi
    return 0
  fi
  local missing=() name
  while read -r name; do
    case $name in '' | '#'*) continue ;; esac
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done <system-packages.txt
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      say "These system packages are missing and installing them needs root. Please run:"
      say "  sudo apt-get install -y --no-install-recommends ${missing[*]}"
      say "Going on without them: what needs them says so."
      return 0
    fi
    as_root=(sudo -n)
  fi
  say "Installing ${#missing[@]} system packages: ${missing[*]}"
  local log
  log=$(mktemp -t ticketos-apt.XXXXXX)
  if ! { ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    say "apt-get failed; its whole output is in $log"
    return 1
  fi
  rm -f "$log"
}

find_python() {
  local name
  for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return 0
    fi
  done
  say "Python 3.11 or newer is needed; set PYTHON=/path/to/python3 if it is not on PATH."
  return 1
}

python=$(find_python)

# Building Temporal takes longest and needs nothing of the rest: do it beside the other steps.
temporal=
if command -v go >/dev/null; then
  PYTHONPATH=. "$python" -m ticketos.dev.tools &
  temporal=$!
  # Interrupted or failed elsewhere: do not leave the build running.
  trap 'kill "$temporal" 2>/dev/null || true' EXIT
fi

system_packages

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "Making the Python environment .venv"
  "$python" -m venv --clear .venv
fi
# uv installs in a fraction of pip's time, but does not read pip's configuration: hand the index and the
# certificates on. Should it fail, pip does the same work.
python_packages() {
  local bin=.venv/bin value
  value=$("$bin/pip" config get global.index-url 2>/dev/null) || value=${PIP_INDEX_URL:-}
  [ -z "$value" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$value}
  value=$("$bin/pip" config get global.cert 2>/dev/null) || value=${PIP_CERT:-}
  [ -z "$value" ] || export SSL_CERT_FILE=${SSL_CERT_FILE:-$value}
  local pip=("$bin/python" -m pip install -q --disable-pip-version-check)
  awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock >.venv/uv.lock
  "${pip[@]}" --require-hashes -r .venv/uv.lock
  if ! "$bin/uv" pip install -q --python "$bin/python" --require-hashes -r requirements.lock; then
    say "uv could not install them; trying with pip, which takes a few minutes"
    "${pip[@]}" --require-hashes -r requirements.lock
  fi
  "${pip[@]}" --no-deps --no-build-isolation -e .
}

say "Installing the Python packages of requirements.lock"
python_packages
compiled .venv/lib/python*/site-packages "${ours[@]}"

if [ -n "$temporal" ]; then
  wait "$temporal"
  trap - EXIT
else
  .venv/bin/python -m ticketos.dev.tools
fi
printf '%s\n' "$key" >"$stamp"
say "Set up. Try: .venv/bin/ticketos doctor"
