#!/usr/bin/env bash
# A real Apache Kafka 4.3.1 in KRaft mode on the loopback, for tests. Needs Java 17 or newer and Maven.
#   kafka.sh fetch                          download its jars (once; about 90 MB)
#   kafka.sh start | stop | status          a broker; it keeps its topics when it is stopped
#   kafka.sh kill | pause | resume          SIGKILL, SIGSTOP and SIGCONT
#   kafka.sh wipe                           forget the topics of a stopped broker
# Environment: KAFKA_CACHE (~/.cache/kafka), KAFKA_PORT (19392; the controller takes the next one), KAFKA_DATA, KAFKA_HEAP,
# KAFKA_NODES and KAFKA_NODE: how many brokers the cluster has (1), and which one is meant (1); it has the four ports from
#   KAFKA_PORT + 4 * (KAFKA_NODE - 1). Start them all at once: each waits for a majority
# KAFKA_SECURE: a folder with server.pem (key and certificate) and ca.pem; the broker then also speaks SASL without TLS on the
#   third port (PLAIN for the user and password of the folder's plain.user; SCRAM-SHA-256), and TLS with client certificates on
#   the fourth
set -euo pipefail
VERSION=4.3.1
CACHE=${KAFKA_CACHE:-$HOME/.cache/kafka}
NODES=${KAFKA_NODES:-1}
NODE=${KAFKA_NODE:-1}
FIRST_PORT=${KAFKA_PORT:-19392}
PORT=$((FIRST_PORT + 4 * (NODE - 1)))
DATA=${KAFKA_DATA:-$CACHE/broker-$PORT}
HEAP=${KAFKA_HEAP:-384m}
JARS=$CACHE/jars-$VERSION
LISTENERS=PLAINTEXT://127.0.0.1:$PORT
[ -z "${KAFKA_SECURE:-}" ] || LISTENERS+=,SASL_PLAINTEXT://127.0.0.1:$((PORT + 2)),SSL://127.0.0.1:$((PORT + 3))
MARK=$DATA/server.properties
. "$(dirname "$0")/service.sh"

# Maven resolves what the broker needs; the folder gets its final name when it is whole.
fetch() {
    command -v java >/dev/null || die "Java 17 or newer is needed"
    [ -f "$JARS/.ready" ] && return
    command -v mvn >/dev/null || die "Maven is needed to download Kafka"
    echo "kafka.sh: downloading Kafka $VERSION into $JARS" >&2
    mkdir -p "$CACHE"
    local part
    part=$(mktemp -d "$CACHE/part.XXXXXX")
    cat >"$part/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice.tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version>
    </dependency>
  </dependencies>
</project>
POM
    mvn -q -B -f "$part/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$part" >&2 ||
        die "Maven could not download Kafka $VERSION"
    touch "$part/.ready"
    rm -rf "$JARS"
    mv "$part" "$JARS"
}

# Every node is a broker and a voter of the controllers' quorum.
voters() {
    local node
    for node in $(seq "$NODES"); do
        echo "$node@127.0.0.1:$((FIRST_PORT + 4 * node - 3))"
    done | paste -sd,
}

configure() {
    mkdir -p "$DATA"
    cat >"$DATA/log4j2.properties" <<LOG
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c: %m%n
LOG
    cat >"$DATA/server.properties" <<CONF
process.roles=broker,controller
node.id=$NODE
controller.quorum.voters=$(voters)
controller.listener.names=CONTROLLER
listeners=CONTROLLER://127.0.0.1:$((PORT + 1)),$LISTENERS
advertised.listeners=$LISTENERS
log.dirs=$DATA/logs
num.partitions=1
offsets.topic.num.partitions=2
offsets.topic.replication.factor=$NODES
transaction.state.log.num.partitions=2
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
transaction.state.log.replication.factor=$NODES
transaction.state.log.min.isr=$((NODES / 2 + 1))
min.insync.replicas=$((NODES / 2 + 1))
group.initial.rebalance.delay.ms=0
log.cleaner.backoff.ms=100
CONF
    [ "$NODES" = 1 ] || quick_to_notice >>"$DATA/server.properties"
    [ -z "${KAFKA_SECURE:-}" ] || secure >>"$DATA/server.properties"
}

# A broker that has died is replaced within about two seconds, and leads again only when it is told to.
quick_to_notice() {
    cat <<CONF
broker.heartbeat.interval.ms=300
broker.session.timeout.ms=2000
controller.quorum.fetch.timeout.ms=1000
auto.leader.rebalance.enable=false
CONF
}

secure() {
    local modules=org.apache.kafka.common.security user password
    read -r user password <"$KAFKA_SECURE/plain.user"
    cat <<CONF
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_plaintext.plain.sasl.jaas.config=$modules.plain.PlainLoginModule required user_$user="$password";
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=$modules.scram.ScramLoginModule required;
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=$KAFKA_SECURE/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$KAFKA_SECURE/ca.pem
CONF
}

run_java() { java -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$DATA/log4j2.properties" -cp "$JARS/*" "$@"; }

start() {
    running && return
    fetch
    ! listening "$PORT" || die "port $PORT is taken"
    configure
    if [ ! -f "$DATA/logs/meta.properties" ]; then
        run_java kafka.tools.StorageTool format -t c2x1aWNlLXRlc3RzLWthZg -c "$DATA/server.properties" >"$DATA/format.log" 2>&1 ||
            die "the log folder could not be formatted, see $DATA/format.log"
    fi
    : >"$DATA/server.log"
    local quick=()
    [ "$NODES" = 1 ] || quick=(-XX:TieredStopAtLevel=1)
    nohup java "-Xmx$HEAP" -XX:+UseSerialGC "${quick[@]}" -Dlog4j2.configurationFile="$DATA/log4j2.properties" -cp "$JARS/*" \
        kafka.Kafka "$DATA/server.properties" >"$DATA/server.log" 2>&1 </dev/null &
    echo $! >"$DATA/pid"
    # The port is open before the broker serves requests; it says when it does.
    await grep -q 'Kafka Server started' "$DATA/server.log"
}

signal() { running || die "it does not run"; kill "-$1" "$(pid)"; }

case ${1:-} in
fetch) fetch ;;
start) start ;;
stop) stop ;;
status) status ;;
kill) signal KILL ;;
pause) signal STOP ;;
resume) signal CONT ;;
wipe) ! running || die "stop it first"; rm -rf "$DATA" ;;
*) die "usage: kafka.sh fetch | start | stop | status | kill | pause | resume | wipe" ;;
esac
