"""Stopping in the middle of work, waiting for ends, and calls on queries that have ended."""
import threading
import time

from pyspark.sql import functions as F

import scene

spark = scene.session()
scene.put("in/1.csv", "1\n2\n")
stream = spark.readStream.schema("n INT").csv(scene.path("in"))
entered = scene.path("entered")


@F.udf("int")
def slow(n):
    open(entered, "a").close()
    time.sleep(60)
    return n


def slow_batch(frame, batch_id):
    open(entered, "a").close()
    time.sleep(60)


def wait_until_entered():
    import os
    while not os.path.exists(entered):
        time.sleep(0.01)
    os.remove(entered)


def stop_in_the_middle(title, writer):
    query = writer.start()
    wait_until_entered()
    print(title, query.isActive, query.status["isTriggerActive"], query.status["message"], query.recentProgress)
    started = time.monotonic()
    query.stop()
    print(query.isActive, query.exception(), query.awaitTermination(1), time.monotonic() - started < 20)


stop_in_the_middle("a long function", stream.select(slow("n")).writeStream.format("noop"))
stop_in_the_middle("a long foreachBatch", stream.writeStream.foreachBatch(slow_batch))

query = stream.writeStream.format("noop").queryName("waited").start()
waiter = threading.Thread(target=lambda: print("waiter", query.awaitTermination()))
waiter.start()
query.processAllAvailable()
query.stop()
waiter.join()
scene.attempt("processAllAvailable of a stopped query", lambda: query.processAllAvailable())
query.stop()
print(query.lastProgress.batchId, query.lastProgress.name, query.status)
print(spark.streams.get(query.id))
scene.attempt("get of no id", lambda: spark.streams.get("nothing"))

bad = stream.select(F.assert_true(F.col("n") < 2)).writeStream.format("noop").queryName("bad").start()
for call in (lambda: bad.processAllAvailable(), lambda: bad.awaitTermination(), lambda: bad.awaitTermination(5)):
    try:
        call()
        print("no error")
    except Exception as error:
        print(type(error).__name__, error.getCondition(), "USER_RAISED_EXCEPTION" in str(error))
print(bad.isActive, bad.lastProgress, bad.recentProgress, type(bad.exception()).__name__)
bad.stop()
again = stream.writeStream.format("noop").queryName("bad").start()
print(again.name, again.isActive)
again.stop()
