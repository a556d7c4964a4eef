"""Batch joins of every kind, with nulls and doubled keys."""
import scene

spark = scene.session()
left = spark.createDataFrame([(1, "a"), (2, "b"), (2, "bb"), (None, "n"), (4, "d")], "id INT, l STRING")
right = spark.createDataFrame([(1, "x"), (2, "y"), (3, "z"), (None, "m"), (2, "yy")], "id INT, r STRING")
for how in ("inner", "left", "right", "full", "left_semi", "left_anti"):
    print("--", how)
    joined = left.join(right, "id", how)
    joined.orderBy(*joined.columns).show()
left.crossJoin(right.limit(1)).orderBy(left.id, "l").show()
left.join(right, left.id < right.id).orderBy(left.id, right.id, "l", "r").show()
left.join(right, (left.id == right.id) & (right.r != "y"), "left").orderBy("l", "r").show()
left.createOrReplaceTempView("l")
right.createOrReplaceTempView("r")
spark.sql("SELECT l.id, l, r FROM l JOIN r ON l.id = r.id WHERE r LIKE 'y%' ORDER BY l, r").show()
spark.sql("SELECT * FROM l LEFT JOIN r USING (id) ORDER BY l, r").show()
spark.sql("SELECT a.l, b.l AS other FROM l a JOIN l b ON a.id = b.id AND a.l < b.l").show()
spark.sql("SELECT l, (SELECT max(r) FROM r) AS top FROM l WHERE id IN (SELECT id FROM r) ORDER BY l").show()
