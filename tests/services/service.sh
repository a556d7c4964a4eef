# What kafka.sh and spark.sh share: a service in the background, whose process id lies in $DATA/pid and whose log in
# $DATA/server.log. The script sets DATA and MARK, words of the command line by which the process is recognized.

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

pid() { cat "$DATA/pid" 2>/dev/null || true; }

running() { [ -n "$(pid)" ] && grep -qsaF "$MARK" "/proc/$(pid)/cmdline"; }

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await COMMAND...: until it holds; the end of the process, or 90 seconds, end the script.
await() {
    for _ in $(seq 900); do
        "$@" && return
        kill -0 "$(pid)" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 15 "$DATA/server.log" >&2
    die "no answer on port $PORT, see $DATA/server.log"
}

stop() {
    running || return 0
    kill "$(pid)"
    for _ in $(seq 300); do
        running || return 0
        sleep 0.1
    done
    kill -9 "$(pid)"
}

status() { running && echo "running, port $PORT" || { echo stopped; exit 3; }; }
