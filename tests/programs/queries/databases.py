"""spark.catalog: databases and tables that come and go."""
from pyspark.errors import PySparkException

import scene

spark = scene.session()
catalog = spark.catalog


def attempt(what, call):
    try:
        print(what, "->", call())
    except PySparkException as error:
        print(what, "->", type(error).__name__, str(error).splitlines()[0])


def names(rows):
    return sorted((row.name, getattr(row, "namespace", None)) for row in rows)


attempt("create", lambda: catalog.createDatabase("shop_of_catalog"))
attempt("create again", lambda: catalog.createDatabase("shop_of_catalog"))
attempt("create if missing", lambda: catalog.createDatabase("shop_of_catalog", ifNotExists=True))
attempt("get", lambda: catalog.getDatabase("shop_of_catalog").name)
attempt("get another", lambda: catalog.getDatabase("no_such_shop"))
attempt("tables of another", lambda: catalog.listTables("no_such_shop"))
spark.range(3).write.saveAsTable("shop_of_catalog.orders")
spark.range(3).createOrReplaceTempView("orders_view")
attempt("tables", lambda: names(catalog.listTables("shop_of_catalog")))
attempt("views", lambda: names(catalog.listViews("shop_of_catalog")))
attempt("exists", lambda: catalog.tableExists("shop_of_catalog.orders"))
attempt("drop database", lambda: catalog.dropDatabase("shop_of_catalog"))
attempt("drop table", lambda: catalog.dropTable("shop_of_catalog.orders"))
attempt("drop table again", lambda: catalog.dropTable("shop_of_catalog.orders"))
attempt("drop table if there", lambda: catalog.dropTable("shop_of_catalog.orders", ifExists=True))
attempt("drop view", lambda: catalog.dropView("shop_of_catalog.no_view"))
attempt("drop database", lambda: catalog.dropDatabase("shop_of_catalog"))
attempt("drop database again", lambda: catalog.dropDatabase("shop_of_catalog"))
attempt("drop database if there", lambda: catalog.dropDatabase("shop_of_catalog", ifExists=True))
