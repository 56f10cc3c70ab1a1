#!/bin/sh
# Installs bootstrap from the directory that this script is in. Run again, it replaces an older version.
set -eu
umask 022

usage() {
  cat <<'END'
sh install.sh [--prefix DIR] [--uninstall]
  --prefix DIR   install below DIR (default $PREFIX, else /usr/local); systemd reads units below /usr/local and /usr alone,
                 elsewhere "bootstrap init" writes one
  --uninstall    remove what it installed; later also by the copy below DIR/share/kube-bootstrap
DESTDIR is put before every path, as packagers expect; the machine is not looked at then.
END
}
fail() {
  echo "install.sh: $*" >&2
  exit 1
}

prefix=${PREFIX:-/usr/local}
uninstall=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -gt 1 ] || fail '--prefix needs a directory'; prefix=$2; shift ;;
    --prefix=*) prefix=${1#*=} ;;
    --uninstall | uninstall) uninstall=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 3 ;;
  esac
  shift
done
case $prefix in
  *[!A-Za-z0-9/._+-]*) fail "a prefix of other characters than letters, digits and /._+- is not supported: $prefix" ;;
  /*) prefix=${prefix%/} ;;
  *) fail "the prefix must be an absolute path, not $prefix" ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR-}
to=$destination$prefix
own=share/kube-bootstrap
unit=lib/systemd/system/bootstrap-agent.service
defaults=$destination/etc/default/bootstrap-agent

glibc_version() {
  getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p' | grep . ||
    ldd --version 2>/dev/null | sed -n '1s/^ldd (.*\(GLIBC\|GNU libc\).*) \([0-9.]*\)$/\2/p'
}

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "bootstrap runs on Linux, not on $(uname -s)"
  case $(uname -m) in x86_64) machine=x64 ;; aarch64 | arm64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
  [ "$machine" = @PLATFORM@ ] || fail "this is the archive for @PLATFORM@; this machine is $machine"
  version=$(glibc_version) || version=
  [ -n "$version" ] || fail 'this system has no glibc (Alpine and others with musl): bootstrap needs glibc 2.28 or newer'
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%[!0-9]*}
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "${minor:-0}" -lt 28 ]; }; then
    fail "glibc $version is too old: bootstrap needs 2.28 or newer (Debian 10, Ubuntu 18.10, RHEL 8 and later)"
  fi
  said=$("$here/bootstrap" version 2>&1) || case $said in
    *libstdc++*) fail 'libstdc++ is missing: apt-get install libstdc++6, or dnf install libstdc++' ;;
    *) fail "bootstrap does not run here: $said" ;;
  esac
}

# Source and place of everything, and its mode.
files() {
  echo 'bootstrap bin/bootstrap 755'
  for page in "$here"/man/*.1; do echo "man/${page##*/} share/man/man1/${page##*/} 644"; done
  echo 'completions/bootstrap.bash share/bash-completion/completions/bootstrap 644'
  echo 'completions/_bootstrap share/zsh/site-functions/_bootstrap 644'
  echo 'completions/bootstrap.fish share/fish/vendor_completions.d/bootstrap.fish 644'
  for text in LICENSE THIRD-PARTY-LICENSES; do echo "$text share/doc/kube-bootstrap/$text 644"; done
  # For --uninstall.
  echo "install.sh $own/install.sh 755"
  echo "bootstrap-agent.default $own/bootstrap-agent.default 644"
}

# By a rename: a program that runs is neither cut nor in the way.
put() {
  mkdir -p "${2%/*}"
  cat >"$2.new"
  chmod "$1" "$2.new"
  mv -f "$2.new" "$2"
}

# What an earlier version installed and the list on stdin no longer has.
remove_others() {
  [ -e "$to/$own/files" ] || return 0
  kept=$(cat)
  while read -r place; do
    echo "$kept" | grep -qxF "$place" || rm -f "$to/$place"
  done <"$to/$own/files"
}

has_unit() { [ "$prefix" = /usr/local ] || [ "$prefix" = /usr ]; }
systemd_runs() { [ -z "$destination" ] && [ -d /run/systemd/system ]; }
# Another installation may have the unit of that name.
starts_ours() {
  systemctl show --property=ExecStart bootstrap-agent.service | grep -q "path=$prefix/bin/bootstrap "
}

if [ -n "$uninstall" ]; then
  [ -e "$to/$own/files" ] || fail "nothing of bootstrap is installed below $to"
  if systemd_runs && starts_ours; then systemctl disable --now bootstrap-agent.service || true; fi
  # Unless it was changed.
  if has_unit && cmp -s "$to/$own/bootstrap-agent.default" "$defaults"; then rm -f "$defaults"; fi
  : | remove_others
  rm -f "$to/$own/files"
  rmdir "$to/$own" "$to/share/doc/kube-bootstrap" 2>/dev/null || true
  if systemd_runs; then systemctl daemon-reload; fi
  echo "removed from $to; control planes stay as they are"
  exit 0
fi

[ -n "$destination" ] || check_machine
mkdir -p "$to/bin" 2>/dev/null && [ -w "$to/bin" ] || fail "cannot write below $to: run it as root, or with --prefix ~/.local"
places=$(files | while read -r _ place _; do echo "$place"; done; has_unit && echo "$unit" || true)
echo "$places" | remove_others
files | while read -r source place mode; do put "$mode" "$to/$place" <"$here/$source"; done
echo "$places" | put 644 "$to/$own/files"
if has_unit; then
  sed "s|^ExecStart=[^ ]*|ExecStart=$prefix/bin/bootstrap|" "$here/bootstrap-agent.service" | put 644 "$to/$unit"
  [ -e "$defaults" ] || put 644 "$defaults" <"$here/bootstrap-agent.default"
  if systemd_runs; then
    systemctl daemon-reload
    # The pods of an agent that runs are taken over as they are.
    if starts_ours; then systemctl try-restart --no-block bootstrap-agent.service; fi
  fi
fi
echo "installed $to/bin/bootstrap; next: bootstrap init"
