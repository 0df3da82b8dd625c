#!/bin/sh
# Removes a private Postgres once nobody uses it.
#
# usage: janitor.sh DIR POLL_SECONDS POLLS
#
# DIR/users holds a file PID.START for each process that uses the server. When none of them has been alive for
# POLLS looks in a row, POLL_SECONDS apart, the postmaster is stopped and DIR removed. It is a process of its own,
# and in its own process group, because its users may be killed in ways that leave them no last word.
#
# A newcomer registers first and looks for DIR/closing afterwards; this script makes DIR/closing first and looks
# for users afterwards. Whoever comes second sees the other, so no server is taken away from under a newcomer.

dir=$1 poll=$2 polls=$3
trap '' HUP INT
cd / || exit 1

# Alive means running (a zombie is not) and the same process: numbers are used again. Without /proc, START is 0.
alive() {
    if [ -r "/proc/$1/stat" ]; then
        read -r stat <"/proc/$1/stat" 2>/dev/null || return 1
        # The second field is the command in parentheses and may hold anything; split after it.
        set -- "$1" "$2" ${stat##*) }
        [ "$3" != Z ] && [ "${22}" = "$2" ]
    else
        [ "$2" = 0 ] && kill -0 "$1" 2>/dev/null
    fi
}

in_use() {
    for user in "$dir"/users/*; do
        [ -e "$user" ] || continue
        user=${user##*/}
        alive "${user%.*}" "${user#*.}" && return 0
    done
    return 1
}

# The number in the file may be anybody's by now, unless its command line names this directory.
is_postmaster() {
    if [ -r "/proc/$1/cmdline" ]; then
        command=$(tr '\0' ' ' <"/proc/$1/cmdline")
    else
        command=$(ps -p "$1" -o args= 2>/dev/null)
    fi
    # A directory that an earlier janitor left half removed still has the command line of its first name.
    case $command in *"${dir%%.gone.*}/data"*) return 0 ;; esac
    return 1
}

unused=0
while [ "$unused" -lt "$polls" ]; do
    sleep "$poll" || sleep 1
    [ -d "$dir" ] || exit 0
    if in_use; then unused=0; else unused=$((unused + 1)); fi
    if [ "$unused" -ge "$polls" ]; then
        mkdir "$dir/closing" 2>/dev/null || exit 0 # another janitor is at it
        in_use && rmdir "$dir/closing" && unused=0
    fi
done

# Under another name nobody can mistake the ruin for a server.
gone=$dir.gone.$$
mv "$dir" "$gone" || exit 1
postmaster=
[ -r "$gone/data/postmaster.pid" ] && read -r postmaster <"$gone/data/postmaster.pid"
if [ -n "$postmaster" ] && is_postmaster "$postmaster"; then
    kill -QUIT "$postmaster" 2>/dev/null
    tries=0
    while [ -e "$gone/data/postmaster.pid" ] && is_postmaster "$postmaster" && [ "$tries" -lt 50 ]; do
        sleep 0.1 || sleep 1
        tries=$((tries + 1))
    done
    is_postmaster "$postmaster" && kill -KILL "$postmaster" 2>/dev/null
fi
# An initdb whose caller was killed may still be writing.
tries=0
while ! rm -rf "$gone" 2>/dev/null && [ "$tries" -lt 50 ]; do
    sleep 0.2 || sleep 1
    tries=$((tries + 1))
done
