"""SQLContext and HiveContext over the Connect session."""
import warnings


def extend(module):
    """Replaces what in these classes reaches for a JVM."""
    context = module.SQLContext

    def __init__(self, sparkContext=None, sparkSession=None, jsqlContext=None):
        if sparkSession is None:
            warnings.warn("Deprecated in 3.0.0. Use SparkSession.builder.getOrCreate() instead.", FutureWarning,
                          stacklevel=2)
            sparkSession = _session()
        self.sparkSession = sparkSession
        self._sc = sparkContext or sparkSession.sparkContext
        if context._instantiatedContext is None:
            context._instantiatedContext = self

    def hive_init(self, sparkContext=None, sparkSession=None, jhiveContext=None):
        warnings.warn("HiveContext is deprecated in Spark 2.0.0. Please use "
                      "SparkSession.builder.enableHiveSupport().getOrCreate() instead.", FutureWarning, stacklevel=2)
        __init__(self, sparkContext, sparkSession or _session())

    context.__init__ = __init__
    module.HiveContext.__init__ = hive_init
    context._get_or_create = classmethod(_get_or_create)
    for name, method in _METHODS.items():
        setattr(context, name, method)


def _session():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def _get_or_create(cls, sc, **static_conf):
    instance = cls._instantiatedContext
    if instance is None or instance.sparkSession.is_stopped:
        cls._instantiatedContext = None
        instance = cls(sc, _session())
    return instance


def _tables(self, dbName=None):
    return self.sparkSession.sql("SHOW TABLES" + (f" IN {dbName}" if dbName else ""))


def _table_names(self, dbName=None):
    return [table.name for table in self.sparkSession.catalog.listTables(dbName)]


_METHODS = {
    "tables": _tables,
    "tableNames": _table_names,
    "cacheTable": lambda self, tableName: self.sparkSession.catalog.cacheTable(tableName),
    "uncacheTable": lambda self, tableName: self.sparkSession.catalog.uncacheTable(tableName),
    "clearCache": lambda self: self.sparkSession.catalog.clearCache(),
    "read": property(lambda self: self.sparkSession.read),
    "readStream": property(lambda self: self.sparkSession.readStream),
    "streams": property(lambda self: self.sparkSession.streams),
    "refreshTable": lambda self, tableName: self.sparkSession.catalog.refreshTable(tableName),
}
