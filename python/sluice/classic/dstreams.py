"""The names of pyspark.streaming (DStreams): they import, and using one says what to use instead."""
from pyspark.errors import PySparkNotImplementedError


def _refuse(feature):
    raise PySparkNotImplementedError(
        errorClass="NOT_IMPLEMENTED",
        messageParameters={"feature": f"{feature} (DStreams need a JVM: use spark.readStream and writeStream)"})


class StreamingContext:
    def __init__(self, *arguments, **options):
        _refuse("StreamingContext")

    @classmethod
    def getOrCreate(cls, checkpointPath, setupFunc):
        _refuse("StreamingContext")

    @classmethod
    def getActive(cls):
        return None

    @classmethod
    def getActiveOrCreate(cls, checkpointPath, setupFunc):
        _refuse("StreamingContext")


class DStream:
    def __init__(self, *arguments, **options):
        _refuse("DStream")


class StreamingListener:
    """A program may define its own before it makes a context."""
