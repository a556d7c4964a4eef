"""What the client's builder, session, frames and queries lack beside those of classic PySpark."""
import functools

from sluice import application


def extend_conf(module):
    """SparkConf() starts with what the command line set, as it does under spark-submit."""
    original = module.SparkConf.__init__

    @functools.wraps(original)
    def __init__(self, loadDefaults=True, _jvm=None, _jconf=None):
        original(self, loadDefaults, _jvm, _jconf)
        if loadDefaults and application.current is not None:
            for key, value in application.current.conf.items():
                self.set(key, value)

    module.SparkConf.__init__ = __init__


def extend_builder(module):
    """A master may be named, the session comes from this application's server, and SparkSession(sc) works."""
    builder = module.SparkSession.Builder
    builder._validate_startup_urls = lambda self: None
    builder.getOrCreate = _connecting(builder.getOrCreate)
    builder.create = _connecting(builder.create)
    original = module.SparkSession
    names = {"__module__": original.__module__, "__qualname__": original.__qualname__, "__doc__": original.__doc__}
    module.SparkSession = _SessionClass("SparkSession", (original,), names)


class _SessionClass(type):
    """The session that the client makes counts as a SparkSession, and SparkSession(sc) gives it."""

    def __instancecheck__(cls, instance):
        if type.__instancecheck__(cls, instance):
            return True
        from pyspark.sql.connect.session import SparkSession

        return isinstance(instance, SparkSession)

    def __call__(cls, sparkContext=None, jsparkSession=None, options=None):
        builder = cls.builder
        for key, value in (options or {}).items():
            builder.config(key, value)
        return builder.getOrCreate()


def _connecting(original):
    @functools.wraps(original)
    def make(self):
        here = application.current
        remote = str(self._options.get("spark.remote", "local"))
        if here is None or not remote.startswith("local"):
            return original(self)  # the program named its own server
        self._options.pop("spark.remote", None)
        here.connect()
        from pyspark.sql.connect.session import SparkSession

        if SparkSession._get_default_session() is None:
            self._options = {**here.client_conf(), **_context_conf(), **self._options}
            here.session_conf = {**here.conf, **self._options}
        return original(self)

    return make


def _context_conf():
    """The settings of a SparkContext that the program made itself."""
    import sys

    module = sys.modules.get("sluice.classic.context")
    context = module and module.SparkContext._active_spark_context
    return context._own_conf() if context else {}


def extend_session(module):
    from sluice.classic.context import SparkContext

    session = module.SparkSession
    session.sparkContext = property(SparkContext._of_session)
    session._sc = session.sparkContext
    session.newSession = _new_session
    session.stop = _stopping_context(session.stop)
    session.createDataFrame = _taking_rdds(session.createDataFrame)


def _new_session(self):
    """Another session of the same server, with its own settings and temporary views."""
    return type(self).builder.remote(application.current.connect()).create()


def _stopping_context(original):
    @functools.wraps(original)
    def stop(self):
        from sluice.classic.context import SparkContext

        original(self)
        SparkContext._session_stopped(self)

    return stop


def _taking_rdds(original):
    @functools.wraps(original)
    def create(self, data, schema=None, *args, **kwargs):
        from sluice.classic.rdd import RDD

        if isinstance(data, RDD):
            data = data.collect()
        return original(self, data, schema, *args, **kwargs)

    return create


def extend_frame(module):
    from sluice.classic.rdd import rdd_of_frame

    module.DataFrame.rdd = property(rdd_of_frame)


def extend_queries(module):
    """A listener's thread must not keep a program alive that has ended otherwise."""
    module.Thread = functools.partial(module.Thread, daemon=True)
