"""Runs code after modules of the client are loaded, and gives the modules that only classic PySpark has."""
import gc
import importlib
import importlib.abc
import importlib.machinery
import sys

from sluice.classic import deferred_pandas

# Modules that the client lacks -> the module of this package whose public names they show.
_SUPPLIED = {
    "pyspark.context": "sluice.classic.context",
    "pyspark.rdd": "sluice.classic.rdd",
    "pyspark.files": "sluice.classic.files",
    "pyspark.broadcast": "sluice.classic.shared_variables",
    "pyspark.status": "sluice.classic.status",
    "pyspark.streaming": "sluice.classic.dstreams",
    "pyspark.streaming.context": "sluice.classic.dstreams",
    "pyspark.streaming.dstream": "sluice.classic.dstreams",
    "pyspark.streaming.listener": "sluice.classic.dstreams",
}
# Names of the package `pyspark` that the client lacks -> where they are.
_PACKAGE_NAMES = {
    "SparkContext": "sluice.classic.context",
    "RDD": "sluice.classic.rdd",
    "RDDBarrier": "sluice.classic.rdd",
    "SparkFiles": "sluice.classic.files",
    "Broadcast": "sluice.classic.shared_variables",
    "StatusTracker": "sluice.classic.status",
    "SparkJobInfo": "sluice.classic.status",
    "SparkStageInfo": "sluice.classic.status",
    "SparkExecutorInfo": "sluice.classic.status",
    "SQLContext": "pyspark.sql.context",
    "HiveContext": "pyspark.sql.context",
}
_SUBMODULES = ("context", "rdd", "files", "broadcast", "status", "streaming")


def install():
    """To be called before pyspark is imported."""
    # Importing the client makes hundreds of thousands of objects that stay; looking for garbage among them again and
    # again took a third of a short program's time.
    gc.set_threshold(100_000, 20, 100)
    sys.meta_path.insert(0, _Finder(_EXTENDED, deferred_pandas.install))


def install_names():
    """Only the names that the client lacks, for a process that runs no program."""
    sys.meta_path.insert(0, _Finder({"pyspark": _extend_package}))


def _extend_package(module):
    """Looks a missing name up only when it is asked for, so that it costs nothing otherwise."""

    def missing(name):
        if name in _PACKAGE_NAMES:
            return getattr(importlib.import_module(_PACKAGE_NAMES[name]), name)
        if name in _SUBMODULES:
            return importlib.import_module(f"pyspark.{name}")
        raise AttributeError(f"module 'pyspark' has no attribute {name!r}")

    module.__getattr__ = missing


def _extend_conf(module):
    from sluice.classic.session import extend_conf

    extend_conf(module)


def _extend_builder(module):
    from sluice.classic.session import extend_builder

    extend_builder(module)


def _extend_session(module):
    from sluice.classic.session import extend_session

    extend_session(module)
    deferred_pandas.withdraw()
    gc.freeze()  # what has been imported by now is never looked at again


def _extend_frame(module):
    from sluice.classic.session import extend_frame

    extend_frame(module)


def _extend_sql_context(module):
    from sluice.classic.sql_context import extend

    extend(module)


def _extend_queries(module):
    from sluice.classic.session import extend_queries

    extend_queries(module)


_EXTENDED = {
    "pyspark": _extend_package,
    "pyspark.conf": _extend_conf,
    "pyspark.sql.session": _extend_builder,
    "pyspark.sql.context": _extend_sql_context,
    "pyspark.sql.connect.session": _extend_session,
    "pyspark.sql.connect.dataframe": _extend_frame,
    "pyspark.sql.connect.streaming.query": _extend_queries,
}


class _Finder(importlib.abc.MetaPathFinder):
    """`extended`: module -> what is called with it once it is loaded; `before_connect` comes before the Connect client."""

    def __init__(self, extended, before_connect=lambda: None):
        self._extended = extended
        self._before_connect = before_connect

    def find_spec(self, name, path=None, target=None):
        if name in _SUPPLIED:
            spec = importlib.machinery.ModuleSpec(name, _Supplied(_SUPPLIED[name]), origin="sluice")
            if name == "pyspark.streaming":
                spec.submodule_search_locations = []
            return spec
        if name == "pyspark.sql.connect":
            self._before_connect()
        if name not in self._extended:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        spec.loader = _Extended(spec.loader, self._extended[name])
                    return spec
        return None


class _Supplied(importlib.abc.Loader):
    """Loads a module that shows another one's names."""

    def __init__(self, source):
        self._source = source

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        source = importlib.import_module(self._source)
        names = [name for name in vars(source) if not name.startswith("_")]
        module.__dict__.update({name: getattr(source, name) for name in names})
        module.__all__ = names


class _Extended(importlib.abc.Loader):
    """Loads a module as its own loader does, then extends it."""

    def __init__(self, loader, extend):
        self._loader = loader
        self._extend = extend

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._extend(module)
