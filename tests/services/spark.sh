#!/usr/bin/env bash
# A real Apache Spark 4.2.0 in local mode, the judge of the recorded programs. Needs Java 17 or newer.
#   spark.sh fetch                          install it (once; about 450 MB)
#   spark.sh start | stop | status          its Connect server on $SPARK_CONNECT_PORT
#   spark.sh submit [OPTIONS...] APP.py     its spark-submit
#   spark.sh python ARGS...                 the Python of its virtual environment (classic PySpark)
# SPARK_WITH_KAFKA=1 gives it the Kafka connector, SPARK_WITH_FORMATS=1 the module of Avro; Maven downloads them.
# Environment: SPARK_CACHE (~/.cache/spark), SPARK_CONNECT_PORT (15702), SPARK_MASTER (local[4])
set -euo pipefail
VERSION=4.2.0
CACHE=${SPARK_CACHE:-$HOME/.cache/spark}
VENV=$CACHE/venv-$VERSION
PORT=${SPARK_CONNECT_PORT:-15702}
MASTER=${SPARK_MASTER:-local[4]}
DATA=$CACHE/connect-$PORT
HERE=$(cd "$(dirname "$0")" && pwd)
MARK=SparkConnectServer
. "$HERE/service.sh"

fetch() {
    command -v java >/dev/null || die "Java 17 or newer is needed"
    [ -f "$VENV/.ready" ] && return
    echo "spark.sh: installing pyspark $VERSION into $VENV" >&2
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install -q 'setuptools<81' numpy 'pandas<3' pyarrow grpcio grpcio-status googleapis-common-protos \
        zstandard "pyspark==$VERSION" >&2
    touch "$VENV/.ready"
}

# maven_jars NAME ARTIFACT...: the jars of one of Spark's modules, the first artifact, with what else of its dependencies
# Spark does not bring; comma-separated paths.
maven_jars() {
    local jars=$CACHE/$1-$VERSION part
    shift
    if [ ! -d "$jars" ]; then
        command -v mvn >/dev/null || die "Maven is needed to download $1"
        part=$(mktemp -d "$CACHE/part.XXXXXX")
        cat >"$part/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice.tests</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.spark</groupId><artifactId>$1</artifactId><version>$VERSION</version>
    </dependency>
  </dependencies>
</project>
POM
        mvn -q -B -f "$part/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$part" \
            -DincludeArtifactIds="$(echo "$@" | tr ' ' ,)" >&2 || die "Maven could not download $1"
        mv "$part" "$jars"
    fi
    echo "$jars"/*.jar | tr ' ' ,
}

jars() {
    [ -z "${SPARK_WITH_KAFKA:-}" ] || maven_jars kafka-connector spark-sql-kafka-0-10_2.13 \
        spark-token-provider-kafka-0-10_2.13 kafka-clients commons-pool2
    [ -z "${SPARK_WITH_FORMATS:-}" ] || maven_jars avro spark-avro_2.13
}

environment() {
    fetch
    SPARK_HOME=$(echo "$VENV"/lib/python3*/site-packages/pyspark)
    export SPARK_HOME SPARK_CONF_DIR=$HERE/spark-conf PYSPARK_PYTHON=$VENV/bin/python
    export PYSPARK_DRIVER_PYTHON=$VENV/bin/python SPARK_LOCAL_IP=127.0.0.1 TZ=UTC
    unset SPARK_REMOTE PYTHONPATH
    OPTIONS=(--master "$MASTER" --conf spark.ui.enabled=false --conf spark.driver.bindAddress=127.0.0.1)
    local jars
    jars=$(jars | paste -sd ,)
    [ -z "$jars" ] || OPTIONS+=(--jars "$jars")
}

start() {
    running && return
    environment
    ! listening "$PORT" || die "port $PORT is taken"
    mkdir -p "$DATA"
    (cd "$DATA" && exec nohup "$SPARK_HOME/bin/spark-submit" "${OPTIONS[@]}" --name judge \
        --class org.apache.spark.sql.connect.service.SparkConnectServer \
        --conf spark.connect.grpc.binding.address=127.0.0.1 --conf spark.connect.grpc.binding.port="$PORT" \
        spark-internal >"$DATA/server.log" 2>&1 </dev/null) &
    echo $! >"$DATA/pid"
    await listening "$PORT"
}

case ${1:-} in
fetch) fetch ;;
start) start ;;
stop) stop ;;
status) status ;;
submit)
    shift
    environment
    exec "$SPARK_HOME/bin/spark-submit" "${OPTIONS[@]}" "$@"
    ;;
python)
    shift
    environment
    exec "$VENV/bin/python" "$@"
    ;;
*) die "usage: spark.sh fetch | start | stop | status | submit ... | python ..." ;;
esac
