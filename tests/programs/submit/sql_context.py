"""SQLContext and the session's names from pyspark and pyspark.sql."""
import warnings

from pyspark import SparkContext, SQLContext, StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql.types import Row

warnings.simplefilter("ignore")
sc = SparkContext("local[2]", "old style")
sqlContext = SQLContext(sc)
frame = sqlContext.createDataFrame([Row(a=1, b="x"), Row(a=2, b="y")])
frame.registerTempTable("t") if hasattr(type(frame), "registerTempTable") else frame.createOrReplaceTempView("t")
print(sqlContext.sql("SELECT count(*) AS n FROM t").first().n, sorted(sqlContext.tableNames()))
sqlContext.setConf("spark.sql.shuffle.partitions", "3")
print(sqlContext.getConf("spark.sql.shuffle.partitions"), sqlContext.range(4).count(), sqlContext.table("t").columns)
frame.persist(StorageLevel.MEMORY_ONLY)
print(frame.storageLevel, frame.count())
frame.unpersist()
spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.appName, spark.catalog.currentDatabase(), [table.name for table in spark.catalog.listTables()])
other = spark.newSession()
print(other is spark, [table.name for table in other.catalog.listTables()], other.sparkContext is spark.sparkContext)
sc.stop()
