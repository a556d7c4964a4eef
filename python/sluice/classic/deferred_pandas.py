"""Lets the client be imported without pandas, half of its import time, which is loaded when a program first needs it."""
import importlib
import importlib.metadata
import sys
import types

# What the client imports from pandas, with the functions that it takes out of the modules by name.
_NAMES = {"pandas": (), "pandas.api": (), "pandas.api.types": ("is_datetime64_dtype", "is_timedelta64_dtype")}
# Classes that annotations name while the client is imported.
_ANNOTATIONS = ("DataFrame", "Series")


class _Deferred(types.ModuleType):
    """Stands for a module in the client's modules; everything that it is asked for comes from the real one."""

    def __getattr__(self, name):
        return getattr(_load(self.__name__), name)

    def __setattr__(self, name, value):
        setattr(_load(self.__name__), name, value)

    def __dir__(self):
        return dir(_load(self.__name__))

    def __reduce__(self):
        return importlib.import_module, (self.__name__,)


def _load(name):
    withdraw()
    return importlib.import_module(name)


def _deferred_function(module, name):
    def call(*arguments, **named):
        return getattr(_load(module), name)(*arguments, **named)

    return call


def install():
    """Stands in for pandas until `withdraw`, unless the program has imported it already or it is not installed."""
    if "pandas" in sys.modules:
        return
    try:
        version = importlib.metadata.version("pandas")
    except importlib.metadata.PackageNotFoundError:
        return  # the client says what is missing
    for name, functions in _NAMES.items():
        module = _Deferred(name)
        if functions:
            vars(module)["__path__"] = []  # else the import of a name would ask the real module for it
        vars(module).update({function: _deferred_function(name, function) for function in functions})
        sys.modules[name] = module
    vars(sys.modules["pandas"]).update({name: type(name, (), {}) for name in _ANNOTATIONS}, __version__=version)


def withdraw():
    """From here on an import of pandas is a real one; the client keeps what it has."""
    for name in _NAMES:
        module = sys.modules.get(name)
        if isinstance(module, _Deferred):
            del sys.modules[name]
            for annotation in _ANNOTATIONS:
                vars(module).pop(annotation, None)
