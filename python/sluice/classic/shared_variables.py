"""Broadcast variables and accumulators of a driver whose workers are other processes."""
import itertools
import pickle
import types

from pyspark.accumulators import Accumulator, AddingAccumulatorParam

_ids = itertools.count()


class Broadcast:
    """A value that goes to the workers inside the functions that use it."""

    def __init__(self, value=None):
        self._value = value
        self._destroyed = False
        self.id = next(_ids)

    @property
    def value(self):
        if self._destroyed:
            raise RuntimeError("Attempted to use Broadcast after it was destroyed")
        return self._value

    def unpersist(self, blocking=False):
        """Nothing is kept outside of the value itself."""

    def destroy(self, blocking=False):
        self._destroyed = True
        self._value = None

    def __reduce__(self):
        """A worker needs nothing of this package to read the value."""
        return types.SimpleNamespace, (), {"value": self.value, "id": self.id}


class DriverAccumulator(Accumulator):
    """Counts in the driver: RDD functions and callbacks run there; a UDF's worker can't reach it."""

    def __reduce__(self):
        raise pickle.PicklingError("An accumulator can't be sent to a Python worker: count with df.observe(), or with "
                                   "an aggregation")


def driver_accumulator(value, accum_param=None):
    if accum_param is None:
        if not isinstance(value, (int, float, complex)):
            raise TypeError(f"No default accumulator param for type {type(value)}")
        accum_param = AddingAccumulatorParam(type(value)())
    return DriverAccumulator(next(_ids), value, accum_param)
