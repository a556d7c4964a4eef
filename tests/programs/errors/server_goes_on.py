"""After each kind of error the session still works."""
import scene

spark = scene.session()
scene.put("in/1.csv", "1\n")
for title, action in {
    "analysis": lambda: spark.range(1).select("nothing").collect(),
    "parser": lambda: spark.sql("SELECT FROM WHERE"),
    "arithmetic": lambda: spark.sql("SELECT 1 / 0").collect(),
    "overflow": lambda: spark.sql("SELECT 2147483647 + 1").collect(),
    "array index": lambda: spark.sql("SELECT array(1, 2)[5]").collect(),
    "cast": lambda: spark.sql("SELECT CAST('x' AS INT)").collect(),
    "raise_error": lambda: spark.sql("SELECT raise_error('mine')").collect(),
    "assert_true": lambda: spark.sql("SELECT assert_true(1 > 2)").collect(),
    "config": lambda: spark.conf.get("spark.no.such.key"),
    "config value": lambda: spark.conf.set("spark.sql.shuffle.partitions", "many"),
    "static config": lambda: spark.conf.set("spark.sql.warehouse.dir", "/tmp/elsewhere"),
}.items():
    scene.attempt(title, action)
    print(spark.range(3).count())
print(spark.conf.get("spark.no.such.key", "default"), spark.conf.get("spark.sql.shuffle.partitions"))
spark.conf.set("spark.own.key", "kept")
print(spark.conf.get("spark.own.key"))
spark.conf.unset("spark.own.key")
print(spark.conf.get("spark.own.key", None), spark.conf.isModifiable("spark.sql.shuffle.partitions"))
