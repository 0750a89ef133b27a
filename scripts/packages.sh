# Which Debian packages the scripts need, and how they get them. Sourced, not run.

# What `cllm` is built of.
build_packages=(g++ cmake ninja-build pkg-config libhwy-dev libhwloc-dev nlohmann-json3-dev libtomlplusplus-dev
  libcli11-dev libfmt-dev libutf8proc-dev libxxhash-dev zlib1g-dev liblzma-dev libzstd-dev libarchive-dev libxml2-dev
  libboost-dev libedit-dev)
# The example text.
text_packages=(bible-kjv)
# What the sanitized tests and the fuzzers are built with, and what makes their reports readable.
sanitizer_packages=(clang lld libclang-rt-dev llvm)
# What the tests need beside that.
test_packages=(libgtest-dev libgmock-dev libmpfr-dev libgmp-dev binutils groff-base mandoc python3 zstd xz-utils
  openmpi-bin libopenmpi-dev
  "${sanitizer_packages[@]}")
# What the tests for AArch64 need beside that, and the libraries they link, of that architecture.
aarch64_packages=(g++-aarch64-linux-gnu qemu-user)
aarch64_libraries=(libhwy-dev libhwloc-dev nlohmann-json3-dev libtomlplusplus-dev libfmt-dev libutf8proc-dev
  libxxhash-dev zlib1g-dev liblzma-dev libzstd-dev libarchive-dev libxml2-dev libgtest-dev libgmock-dev libmpfr-dev
  libgmp-dev libboost-dev libedit-dev)

# What scripts/cluster --slow needs beside that: two hosts on one machine, and a Slurm of two nodes.
cluster_packages=(iproute2 util-linux slurmd slurmctld slurm-client munge slurm-wlm-basic-plugins libpmi2-0)

# What scripts/clients needs beside that (Node and npm too, where there are none).
client_packages=(python3-torch)

# What scripts/page needs beside that to test the page of the server (Node and npm too, where there are none).
page_packages=(chromium-headless-shell curl)

# What scripts/avx512 needs beside that: what makes a disk to start an emulated processor from, and the keys of Debian 13,
# whose emulator it unpacks.
avx512_packages=(grub-common grub-pc-bin xorriso mtools cpio busybox-static debian-archive-keyring)

# install_packages NAME...: installs what is missing. As root with apt-get; else with sudo; else prints the one line that
# an administrator has to run, and stops. With nothing missing it needs no rights at all.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Missing packages. As root, run:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}" >&2
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
       } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "The packages could not be installed: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}
