"""RDDs whose partitions are computed in the driver's process: for the small data that programs keep in them."""
import heapq
import itertools
import operator
import os
import random
from collections import defaultdict
from functools import reduce

from pyspark.errors import PySparkNotImplementedError
from pyspark.storagelevel import StorageLevel


def rdd_of_collection(context, data, slices=None):
    """SparkContext.parallelize: cut as Spark cuts a list."""
    items = data if isinstance(data, range) else list(data)
    count = max(1, int(slices)) if slices is not None else context.defaultParallelism
    bounds = [len(items) * i // count for i in range(count + 1)]
    return RDD(context, [lambda a=a, b=b: iter(items[a:b]) for a, b in zip(bounds, bounds[1:])])


def rdd_of_frame(frame):
    """DataFrame.rdd: its rows, fetched when they are needed."""
    return RDD(frame.sparkSession.sparkContext, [lambda: frame.toLocalIterator()])


class RDD:
    """A list of partitions, each a function that gives a fresh iterator; nothing runs before an action."""

    def __init__(self, context, partitions):
        self.ctx = context
        self._partitions = partitions
        self._name = None
        self._cached = None
        self.is_cached = False
        self.is_checkpointed = False
        context._next_rdd += 1
        self._id = context._next_rdd

    def __reduce__(self):
        raise RuntimeError("It appears that you are attempting to broadcast an RDD or reference an RDD from an action "
                           "or transformation. RDD transformations and actions can only be invoked by the driver, not "
                           "inside of other transformations. For more information, see SPARK-5063.")

    def __getattr__(self, name):
        if name.startswith("_") or not hasattr(type(self), name) and not name[0].islower():
            raise AttributeError(name)
        raise PySparkNotImplementedError(
            errorClass="NOT_IMPLEMENTED", messageParameters={"feature": f"RDD.{name} (use a DataFrame)"})

    def __add__(self, other):
        return self.union(other)

    def _iterators(self):
        if not self.is_cached:
            return [part() for part in self._partitions]
        if self._cached is None:
            self._cached = [list(part()) for part in self._partitions]
        return [iter(part) for part in self._cached]

    def _all(self):
        """The elements of all partitions in order, one partition after the other."""
        if self.is_cached:
            return itertools.chain.from_iterable(self._iterators())
        return itertools.chain.from_iterable(part() for part in self._partitions)

    def _of(self, items, slices=None):
        return rdd_of_collection(self.ctx, items, slices or self.getNumPartitions())

    # What it is

    @property
    def context(self):
        return self.ctx

    def id(self):
        return self._id

    def name(self):
        return self._name

    def setName(self, name):
        self._name = name
        return self

    def getNumPartitions(self):
        return len(self._partitions)

    def cache(self):
        self.is_cached = True
        return self

    def persist(self, storageLevel=StorageLevel.MEMORY_ONLY):
        return self.cache()

    def unpersist(self, blocking=False):
        self.is_cached, self._cached = False, None
        return self

    def getStorageLevel(self):
        return StorageLevel.MEMORY_ONLY if self.is_cached else StorageLevel(False, False, False, False, 1)

    def checkpoint(self):
        self.is_checkpointed = True
        self.cache()

    localCheckpoint = checkpoint

    # Element by element

    def mapPartitionsWithIndex(self, f, preservesPartitioning=False):
        def part(index):
            return lambda: iter(f(index, self._iterators_of(index)))

        return RDD(self.ctx, [part(i) for i in range(self.getNumPartitions())])

    def _iterators_of(self, index):
        return self._iterators()[index] if self.is_cached else self._partitions[index]()

    def mapPartitions(self, f, preservesPartitioning=False):
        return self.mapPartitionsWithIndex(lambda _, items: f(items))

    def map(self, f, preservesPartitioning=False):
        return self.mapPartitions(lambda items: map(f, items))

    def flatMap(self, f, preservesPartitioning=False):
        return self.mapPartitions(lambda items: itertools.chain.from_iterable(map(f, items)))

    def filter(self, f):
        return self.mapPartitions(lambda items: filter(f, items))

    def glom(self):
        return self.mapPartitions(lambda items: iter([list(items)]))

    def keyBy(self, f):
        return self.map(lambda x: (f(x), x))

    def keys(self):
        return self.map(lambda pair: pair[0])

    def values(self):
        return self.map(lambda pair: pair[1])

    def mapValues(self, f):
        return self.map(lambda pair: (pair[0], f(pair[1])))

    def flatMapValues(self, f):
        return self.flatMap(lambda pair: ((pair[0], value) for value in f(pair[1])))

    def zipWithIndex(self):
        def part(index):
            def items():
                start = sum(sum(1 for _ in self._iterators_of(i)) for i in range(index))
                return ((item, start + i) for i, item in enumerate(self._iterators_of(index)))

            return items

        return RDD(self.ctx, [part(i) for i in range(self.getNumPartitions())])

    def zipWithUniqueId(self):
        count = self.getNumPartitions()
        return self.mapPartitionsWithIndex(
            lambda index, items: ((item, i * count + index) for i, item in enumerate(items)))

    def zip(self, other):
        return self._of(list(zip(self._all(), other._all(), strict=True)))

    def sample(self, withReplacement, fraction, seed=None):
        if withReplacement:
            raise PySparkNotImplementedError(
                errorClass="NOT_IMPLEMENTED", messageParameters={"feature": "RDD.sample with replacement"})
        chooser = random.Random(seed)
        return self.filter(lambda _: chooser.random() < fraction)

    # Whole partitions

    def union(self, *others):
        rdds = [self, *others]
        return RDD(self.ctx, [lambda rdd=rdd, i=i: rdd._iterators_of(i)
                              for rdd in rdds for i in range(rdd.getNumPartitions())])

    def coalesce(self, numPartitions, shuffle=False):
        return self._lazily(lambda items: items, min(numPartitions, self.getNumPartitions()))

    def repartition(self, numPartitions):
        return self._lazily(lambda items: items, numPartitions)

    def distinct(self, numPartitions=None):
        return self._lazily(lambda items: list(dict.fromkeys(items)), numPartitions)

    def intersection(self, other):
        return self._lazily(lambda items: list(dict.fromkeys(filter(set(other._all()).__contains__, items))))

    def subtract(self, other, numPartitions=None):
        def without(items):
            unwanted = set(other._all())
            return [item for item in items if item not in unwanted]

        return self._lazily(without, numPartitions)

    def cartesian(self, other):
        return self.flatMap(lambda item: ((item, right) for right in other._all()))

    def sortBy(self, keyfunc, ascending=True, numPartitions=None):
        return self._lazily(lambda items: sorted(items, key=keyfunc, reverse=not ascending), numPartitions)

    def sortByKey(self, ascending=True, numPartitions=None, keyfunc=lambda x: x):
        return self.sortBy(lambda pair: keyfunc(pair[0]), ascending, numPartitions)

    def partitionBy(self, numPartitions, partitionFunc=hash):
        def part(index):
            return lambda: (pair for pair in self._all() if partitionFunc(pair[0]) % numPartitions == index)

        return RDD(self.ctx, [part(i) for i in range(numPartitions)])

    def _lazily(self, transform, slices=None):
        """All elements through one function, computed once, when the first partition of the result is needed."""
        count = slices or self.getNumPartitions()
        made = []

        def part(index):
            def items():
                if not made:
                    made.append(list(transform(list(self._all()))))
                whole = made[0]
                return iter(whole[len(whole) * index // count:len(whole) * (index + 1) // count])

            return items

        return RDD(self.ctx, [part(i) for i in range(count)])

    # By key

    def combineByKey(self, createCombiner, mergeValue, mergeCombiners, numPartitions=None, partitionFunc=None):
        def combined(items):
            found = {}
            for key, value in items:
                found[key] = mergeValue(found[key], value) if key in found else createCombiner(value)
            return list(found.items())

        return self._lazily(combined, numPartitions)

    def reduceByKey(self, func, numPartitions=None, partitionFunc=None):
        return self.combineByKey(lambda value: value, func, func, numPartitions)

    def foldByKey(self, zeroValue, func, numPartitions=None, partitionFunc=None):
        return self.combineByKey(lambda value: func(zeroValue, value), func, func, numPartitions)

    def aggregateByKey(self, zeroValue, seqFunc, combFunc, numPartitions=None, partitionFunc=None):
        import copy

        return self.combineByKey(lambda value: seqFunc(copy.deepcopy(zeroValue), value), seqFunc, combFunc, numPartitions)

    def groupByKey(self, numPartitions=None, partitionFunc=None):
        return self._lazily(lambda pairs: list(_grouped(pairs).items()), numPartitions)

    def groupBy(self, f, numPartitions=None, partitionFunc=None):
        return self.keyBy(f).groupByKey(numPartitions)

    def cogroup(self, other, numPartitions=None):
        def together(pairs):
            left, right = _grouped(pairs), _grouped(other._all())
            return [(key, (left.get(key, []), right.get(key, []))) for key in dict.fromkeys([*left, *right])]

        return self._lazily(together, numPartitions)

    def _joined(self, other, keep_left, keep_right, slices):
        def pairs(entry):
            key, (left, right) = entry
            left = left or ([None] if keep_right else [])
            right = right or ([None] if keep_left else [])
            return ((key, pair) for pair in itertools.product(left, right))

        return self.cogroup(other, slices).flatMap(pairs)

    def join(self, other, numPartitions=None):
        return self._joined(other, False, False, numPartitions)

    def leftOuterJoin(self, other, numPartitions=None):
        return self._joined(other, True, False, numPartitions)

    def rightOuterJoin(self, other, numPartitions=None):
        return self._joined(other, False, True, numPartitions)

    def fullOuterJoin(self, other, numPartitions=None):
        return self._joined(other, True, True, numPartitions)

    def subtractByKey(self, other, numPartitions=None):
        def without(pairs):
            unwanted = {key for key, _ in other._all()}
            return [pair for pair in pairs if pair[0] not in unwanted]

        return self._lazily(without, numPartitions)

    # Actions

    def collect(self):
        return list(self._all())

    def toLocalIterator(self, prefetchPartitions=False):
        return self._all()

    def collectAsMap(self):
        return dict(self._all())

    def count(self):
        return sum(1 for _ in self._all())

    def isEmpty(self):
        return next(self._all(), self) is self

    def first(self):
        for item in self._all():
            return item
        raise ValueError("RDD is empty")

    def take(self, num):
        return list(itertools.islice(self._all(), num))

    def takeSample(self, withReplacement, num, seed=None):
        items, chooser = self.collect(), random.Random(seed)
        if withReplacement:
            return [chooser.choice(items) for _ in range(num)] if items else []
        return chooser.sample(items, min(num, len(items)))

    def top(self, num, key=None):
        return heapq.nlargest(num, self._all(), key)

    def takeOrdered(self, num, key=None):
        return heapq.nsmallest(num, self._all(), key)

    def foreach(self, f):
        for item in self._all():
            f(item)

    def foreachPartition(self, f):
        for items in self._iterators():
            f(items)

    def reduce(self, f):
        items = self._all()
        for first in items:
            return reduce(f, items, first)
        raise ValueError("Can not reduce() empty RDD")

    treeReduce = reduce

    def fold(self, zeroValue, op):
        return reduce(op, (reduce(op, items, zeroValue) for items in self._iterators()), zeroValue)

    def aggregate(self, zeroValue, seqOp, combOp):
        import copy

        parts = [reduce(seqOp, items, copy.deepcopy(zeroValue)) for items in self._iterators()]
        return reduce(combOp, parts, zeroValue)

    treeAggregate = aggregate

    def sum(self):
        return self.fold(0, operator.add)

    def max(self, key=None):
        return max(self._all(), key=key)

    def min(self, key=None):
        return min(self._all(), key=key)

    def stats(self):
        from pyspark.statcounter import StatCounter

        return StatCounter(self._all())

    def mean(self):
        return self.stats().mean()

    def variance(self):
        return self.stats().variance()

    def stdev(self):
        return self.stats().stdev()

    def sampleStdev(self):
        return self.stats().sampleStdev()

    def sampleVariance(self):
        return self.stats().sampleVariance()

    def countByValue(self):
        counts = defaultdict(int)
        for item in self._all():
            counts[item] += 1
        return counts

    def countByKey(self):
        return self.keys().countByValue()

    def lookup(self, key):
        return [value for other, value in self._all() if other == key]

    def countApprox(self, timeout, confidence=0.95):
        return self.count()

    def saveAsTextFile(self, path, compressionCodecClass=None):
        """A folder with one file a partition, which must not be there yet."""
        if compressionCodecClass:
            raise PySparkNotImplementedError(
                errorClass="NOT_IMPLEMENTED", messageParameters={"feature": "RDD.saveAsTextFile with compression"})
        os.makedirs(path)
        for index, items in enumerate(self._iterators()):
            with open(os.path.join(path, f"part-{index:05d}"), "w", encoding="utf-8") as file:
                file.writelines(f"{item}\n" for item in items)
        open(os.path.join(path, "_SUCCESS"), "w").close()

    def toDF(self, schema=None, sampleRatio=None):
        return self.ctx._session.createDataFrame(self, schema, sampleRatio)


def _grouped(pairs):
    groups = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


PipelinedRDD = RDD


class RDDBarrier:
    def __init__(self, rdd):
        raise PySparkNotImplementedError(
            errorClass="NOT_IMPLEMENTED", messageParameters={"feature": "Barrier execution (it needs a cluster)"})
