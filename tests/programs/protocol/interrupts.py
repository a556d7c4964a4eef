"""What runs can be stopped by its tag, its id, or with everything else of the session."""
import threading
import time

import scene
from pyspark.sql import functions as F

spark = scene.session()
outcome = {}
slow = F.udf(lambda n: time.sleep(60) or n, "long")


def run(name, tag=None):
    def body():
        if tag:
            spark.addTag(tag)
        try:
            spark.range(1, numPartitions=1).select(slow("id")).collect()
            outcome[name] = "ended"
        except Exception as error:
            outcome[name] = f"{type(error).__name__} {error.getCondition()} {'OPERATION_CANCELED' in str(error)}"

    thread = threading.Thread(target=body)
    thread.start()
    return thread


def stopped(interrupt):
    """Interrupts again and again until something was running."""
    for _ in range(600):
        if ids := interrupt():
            return len(ids)
        time.sleep(0.05)
    return 0


first, second = run("first", "one"), run("second", "two")
print("by an unknown tag", spark.interruptTag("three"))
print("by tag", stopped(lambda: spark.interruptTag("one")))
first.join()
print(outcome, second.is_alive())
print("all", stopped(spark.interruptAll))
second.join()
print(outcome["second"])
print("nothing left", spark.interruptAll(), spark.range(3).count())
scene.attempt("an operation's id that is none", lambda: spark.interruptOperation("none"))
scene.attempt("a tag with a comma", lambda: spark.addTag("a,b"))
spark.addTag("x")
spark.addTag("y")
spark.removeTag("x")
print(spark.getTags())
spark.clearTags()
print(spark.getTags())
