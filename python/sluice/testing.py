"""Streams of rows for tests of streaming programs.

    from sluice.testing import MemoryStream

    orders = MemoryStream(spark, "id INT, amount DOUBLE")
    query = totals(orders.frame()).writeStream.format("memory").queryName("totals").outputMode("update").start()
    orders.add((1, 9.5), (2, 20.0))
    query.processAllAvailable()
    assert spark.table("totals").collect() == ...
"""
import uuid


class MemoryStream:
    """Rows that a test adds and streams read, in the order in which they were added (Scala's MemoryStream of Spark).

    The rows stay with the server until it ends, so that a query can be stopped and started again from its checkpoint.
    """

    def __init__(self, spark, schema, name=None):
        """`schema` is a DDL text or a StructType; `name` is the stream's on the server, a new one unless given."""
        self.spark = spark
        self.schema = schema
        self.name = name or f"stream-{uuid.uuid4().hex[:12]}"
        self.frame()

    def frame(self, **options):
        """A streaming DataFrame of all rows. Options: maxRowsPerTrigger."""
        return self.spark.readStream.format("memory").schema(self.schema).options(**options).load(self.name)

    def add(self, *rows):
        """Adds tuples, Rows or dicts in their order, all of them at once."""
        frame = self.spark.createDataFrame(list(rows), self.schema)
        frame.write.format("memory").mode("append").save(self.name)
