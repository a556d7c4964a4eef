"""The socket source: lines as a server sends them, their ends, the end of the connection, wrong options."""
import socket

import scene

spark = scene.session()
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]


def stream(**options):
    return spark.readStream.format("socket").option("host", "127.0.0.1").option("port", port).options(**options).load()


def wait_for(lines, table, query):
    while spark.table(table).count() < lines:
        query.awaitTermination(0.1)
    scene.rows(table, spark.table(table))


lines = stream()
lines.printSchema()
query = lines.writeStream.format("memory").queryName("lines").start()
connection, _ = server.accept()
connection.sendall(b"one\ntwo\r\nthree")
wait_for(2, "lines", query)
connection.sendall(b" and more\n\nb\xff\xc3\xa4d\rlast")
wait_for(5, "lines", query)
connection.close()
wait_for(6, "lines", query)
print(query.isActive, query.exception())
query.stop()

words = stream(includeTimestamp=True)
words.printSchema()
query = (words.selectExpr("upper(value) AS value", "timestamp BETWEEN now() - INTERVAL 1 MINUTE AND now() + INTERVAL 1 MINUTE AS recent")
         .writeStream.format("memory").queryName("upper").start())
connection, _ = server.accept()
connection.sendall("".join(f"line {number}\n" for number in range(1000)).encode())
while spark.table("upper").count() < 1000:
    query.awaitTermination(0.1)
print(spark.table("upper").distinct().count(), spark.table("upper").where("recent").count())
print(sum(progress.numInputRows for progress in query.recentProgress), query.recentProgress[0].sources[0].startOffset,
      query.recentProgress[0].sources[0].endOffset, query.recentProgress[-1].sources[0].endOffset)
query.stop()

query = stream().writeStream.format("memory").queryName("now").trigger(availableNow=True).start()
print(query.awaitTermination(20), spark.table("now").count())

reader = spark.readStream.format("socket")
scene.attempt("no host", lambda: reader.load().schema)
scene.attempt("no port", lambda: reader.option("host", "localhost").load().schema)
scene.attempt("port x", lambda: stream(port="x").schema)
scene.attempt("timestamp x", lambda: stream(includeTimestamp="x").schema)
scene.attempt("schema", lambda: reader.schema("a INT").option("port", port).load().schema)
scene.attempt("batch", lambda: spark.read.format("socket").option("host", "localhost").option("port", port).load().schema)
