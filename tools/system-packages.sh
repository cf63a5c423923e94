#!/bin/sh
# Checks the system libraries that pip cannot bring, and installs what is missing: with apt-get when
# that needs no password, otherwise it prints the exact command and fails.
#
# usage: system-packages.sh run|test
set -eu

# Qt's xcb platform and software OpenGL; the last line is for the tests.
run="libegl1 libgl1 libgl1-mesa-dri libglx-mesa0 libopengl0 libxkbcommon0 libxkbcommon-x11-0
     libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
     libxcb-render0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0
     libxcb-xkb1 libx11-xcb1 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 fonts-dejavu-core
     python3-venv"
test="xvfb xauth git g++"

command -v dpkg-query >/dev/null || {
    echo "voile: not a Debian or Ubuntu system; install the equivalents of:" $run $test >&2
    exit 0
}

case "$1" in run) wanted="$run" ;; test) wanted="$run $test" ;; *) exit 2 ;; esac

installed() {
    dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed'
}

missing=""
for package in $wanted; do
    # Ubuntu 24.04 gave some libraries another name (64-bit time).
    installed "$package" || installed "${package}t64" || missing="$missing $package"
done
# python3-venv only matters when the python that is used has no venv of its own.
case "$missing" in
*python3-venv*)
    if "${PYTHON:-python3}" -c 'import venv, ensurepip' 2>/dev/null; then
        missing=$(echo "$missing" | sed 's/ python3-venv//')
    fi
    ;;
esac
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "voile: system packages are missing. Install them and run make again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y$missing" >&2
    exit 1
fi

# An installation that was cut off earlier makes apt-get refuse everything until it is finished.
if [ -n "$(dpkg --audit)" ] || [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then
    echo "voile: finishing an interrupted installation of system packages"
    $as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --configure -a
fi
echo "voile: installing system packages:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends $missing
