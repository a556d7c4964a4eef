"""Stateful streams over random arrival orders beside what plain Python says of the rows that were not late.

Each seed makes rows whose times go on unevenly and come out of order, with nulls, duplicates and late ones, hands them to a
stream in some steps, stops and restarts it between some of them, and at last lets the watermark pass everything. Rows as they
arrive, not the engine, decide what is late: a step's rows are judged by the watermark that all steps before it have left.
"""
import datetime
import itertools
import json
import os
import random
from collections import Counter

import pytest
from pyspark.sql import functions as F

START = 1_700_000_000
DELAY = 10
FLUSH = 100_000  # seconds after START: the times of the rows that end a run

SEEDS = range(3)
# Bounds of u - t in seconds, both included.
RANGES = {"around": (-5, 20), "after": (3, 15), "before": (-20, -1), "same": (0, 0)}
CONDITION = "k = j AND u >= t {0} AND u <= t {1}"
# The sides whose rows with a null key match nothing and are not kept, by type of join.
TYPES = {"inner": (0, 1), "left_outer": (1,), "right_outer": (0,), "full_outer": (), "left_semi": (0, 1)}


def stamp(seconds):
    return None if seconds is None else datetime.datetime.fromtimestamp(START + seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def interval(seconds):
    return f"{'-' if seconds < 0 else '+'} INTERVAL {abs(seconds)} SECONDS"


def random_rows(draw, steps):
    """Rows (time, key, number) by step; the last step moves the watermark past everything."""
    numbers = itertools.count()
    clock, out = 0, []
    for _ in range(steps):
        rows = []
        for _ in range(draw.randrange(0, 12)):
            clock += draw.choice((0, 0, 1, 1, 2, 5))
            time = None if draw.random() < 0.05 else max(0, clock - draw.choice((0, 0, 0, 2, 5, 9, 12, 40)))
            key = None if draw.random() < 0.08 else draw.randrange(4)
            rows.append((time, key, next(numbers)))
            if draw.random() < 0.1:
                rows.append(rows[-1])
        draw.shuffle(rows)
        out.append(rows)
        clock += draw.choice((0, 3, 20, 60))
    return [*out, [(FLUSH, 99, next(numbers))]]


def in_time(run, *sides, keyed=(), is_late=lambda row, watermark: row[0] is not None and START + row[0] <= watermark):
    """Of each side the rows that are not late, under the watermark of the slowest side."""
    latest = [None] * len(sides)
    watermark = 0
    kept = [[] for _ in sides]
    for step in range(len(sides[0])):
        if step in run.restarts:  # a side without rows since then holds the watermark back
            latest = [None] * len(sides)
        for rows, left_over in zip((side[step] for side in sides), kept):
            left_over += [row for row in rows if not is_late(row, watermark)]
        for number, side in enumerate(sides):
            # A null time counts as 1970. Rows whose null key cannot match go out before the watermark sees them.
            seen = [row for row in side[step] if row[1] is not None or number not in keyed]
            times = [0 if row[0] is None else START + row[0] for row in seen]
            latest[number] = max([*times, *([] if latest[number] is None else [latest[number]])], default=None)
        watermark = max(watermark, min(0 if time is None else time - DELAY for time in latest))
    return kept


def in_time_by_window(run, *sides, keyed=()):
    """Rows without a time have no window; others are late by their window's end."""
    return in_time(run, *sides, keyed=keyed, is_late=lambda row, watermark: row[0] is None or ((START + row[0]) // 10 + 1) * 10 <= watermark)


class Run:
    """A query over folders that are filled step by step; the rows that it has written."""

    def __init__(self, spark, folder, draw):
        self.spark, self.folder = spark, str(folder)
        spark.conf.set("spark.sql.shuffle.partitions", str(draw.choice((1, 2, 3))))
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.files = itertools.count(1)
        self.restarts = {step for step in range(10) if draw.random() < 0.4}  # the steps that begin with one

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def source(self, name, columns):
        os.makedirs(self.path(name), exist_ok=True)
        return self.spark.readStream.schema(columns).json(self.path(name))

    def put(self, name, names, rows):
        target, part = self.path(name, f"{next(self.files)}.json"), self.path("part")
        with open(part, "w", encoding="ascii") as file:
            for row in rows:
                file.write(json.dumps(dict(zip(names, (stamp(row[0]), *row[1:])))) + "\n")
        os.rename(part, target)

    def results(self, frame, feed, steps):
        """Feeds the steps to the query, restarting it now and then; all rows that came out, as tuples."""
        names = frame.columns
        writer = frame.writeStream.format("json").option("checkpointLocation", self.path("checkpoint"))
        query = None
        for step in range(steps):
            if query and step in self.restarts:
                query.stop()
                query = None
            feed(step)
            query = query or writer.start(self.path("out"))
            query.processAllAvailable()
        query.stop()
        schema = ", ".join(f"{name} LONG" for name in names)
        return Counter(map(tuple, self.spark.read.schema(schema).json(self.path("out")).collect()))


def joined(how, left, right, matches, evictable):
    """The numbers of the rows of a join of two lists of rows."""
    pairs = [(a, b) for a in left for b in right if matches(a, b)]
    result = [(a[2], b[2]) for a, b in pairs]
    if how == "left_semi":
        return Counter((a[2],) for a in left if any(matches(a, b) for b in right))
    matched_left, matched_right = {id(a) for a, _ in pairs}, {id(b) for _, b in pairs}
    if how in ("left_outer", "full_outer"):
        result += [(a[2], None) for a in left if id(a) not in matched_left and evictable(a)]
    if how in ("right_outer", "full_outer"):
        result += [(None, b[2]) for b in right if id(b) not in matched_right and evictable(b)]
    return Counter(result)


def has_passed(row):
    return row[0] is not None and row[0] < FLUSH


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", TYPES)
@pytest.mark.parametrize("bounds", RANGES)
def test_join_within_a_range(spark, tmp_path, how, bounds, seed):
    draw = random.Random(f"{how} {bounds} {seed}")
    run = Run(spark, tmp_path, draw)
    left, right = random_rows(draw, 5), random_rows(draw, 5)
    low, high = RANGES[bounds]
    a = run.source("left", "t TIMESTAMP, k INT, n INT").withWatermark("t", f"{DELAY} seconds")
    b = run.source("right", "u TIMESTAMP, j INT, m INT").withWatermark("u", f"{DELAY} seconds")
    frame = a.join(b, F.expr(CONDITION.format(interval(low), interval(high))), how)
    frame = frame.select("n") if how == "left_semi" else frame.select("n", "m")

    def feed(step):
        run.put("left", "tkn", left[step])
        run.put("right", "ujm", right[step])

    def matches(x, y):
        same = x[1] == y[1] and (x[1] is not None or how == "full_outer")  # Spark's full outer join lets nulls meet
        return same and x[0] is not None and y[0] is not None and low <= y[0] - x[0] <= high

    found = run.results(frame, feed, len(left))
    kept = [[list(row) for row in rows] for rows in in_time(run, left, right, keyed=TYPES[how])]
    assert found == joined(how, *kept, matches, has_passed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", TYPES)
def test_join_by_windows(spark, tmp_path, how, seed):
    draw = random.Random(f"windows {how} {seed}")
    run = Run(spark, tmp_path, draw)
    left, right = random_rows(draw, 5), random_rows(draw, 5)
    a = run.source("left", "t TIMESTAMP, k INT, n INT").withWatermark("t", f"{DELAY} seconds")
    b = run.source("right", "u TIMESTAMP, k INT, m INT").withWatermark("u", f"{DELAY} seconds")
    a = a.select(F.window("t", "10 seconds").alias("w"), "k", "n")
    b = b.select(F.window("u", "10 seconds").alias("w"), "k", "m")
    frame = a.join(b, ["w", "k"], how)
    frame = frame.select("n") if how == "left_semi" else frame.select("n", "m")

    def feed(step):
        run.put("left", "tkn", left[step])
        run.put("right", "ukm", right[step])

    def window(row):
        return (START + row[0]) // 10

    def matches(x, y):
        same = x[1] == y[1] and (x[1] is not None or how == "full_outer")
        return same and window(x) == window(y)

    found = run.results(frame, feed, len(left))
    kept = [[list(row) for row in rows] for rows in in_time_by_window(run, left, right, keyed=TYPES[how])]
    assert found == joined(how, *kept, matches, lambda row: row[0] < FLUSH)


@pytest.mark.parametrize("seed", SEEDS)
def test_join_without_watermark(spark, tmp_path, seed):
    draw = random.Random(f"unbounded {seed}")
    run = Run(spark, tmp_path, draw)
    left, right = random_rows(draw, 5), random_rows(draw, 5)
    a = run.source("left", "t TIMESTAMP, k INT, n INT")
    b = run.source("right", "u TIMESTAMP, j INT, m INT")

    def feed(step):
        run.put("left", "tkn", left[step])
        run.put("right", "ujm", right[step])

    found = run.results(a.join(b, F.expr("k = j AND n % 3 <> m % 3")).select("n", "m"), feed, len(left))
    flat = [[row for rows in side for row in rows] for side in (left, right)]
    assert found == joined("inner", *flat, lambda x, y: x[1] is not None and x[1] == y[1] and x[2] % 3 != y[2] % 3, has_passed)


@pytest.mark.parametrize("seed", SEEDS)
def test_self_join(spark, tmp_path, seed):
    draw = random.Random(f"self {seed}")
    run = Run(spark, tmp_path, draw)
    rows = random_rows(draw, 5)
    stream = run.source("in", "t TIMESTAMP, k INT, n INT").withWatermark("t", f"{DELAY} seconds")
    condition = "a.k = b.k AND b.t >= a.t AND b.t <= a.t + INTERVAL 5 SECONDS AND a.n < b.n"
    frame = stream.alias("a").join(stream.alias("b"), F.expr(condition)).selectExpr("a.n AS n", "b.n AS m")
    found = run.results(frame, lambda step: run.put("in", "tkn", rows[step]), len(rows))
    kept = in_time(run, rows, keyed=(0,))[0]

    def matches(x, y):
        return None not in (x[0], y[0], x[1]) and x[1] == y[1] and 0 <= y[0] - x[0] <= 5 and x[2] < y[2]

    assert found == joined("inner", kept, kept, matches, has_passed)


@pytest.mark.parametrize("seed", SEEDS)
def test_windowed_counts(spark, tmp_path, seed):
    draw = random.Random(f"counts {seed}")
    run = Run(spark, tmp_path, draw)
    rows = random_rows(draw, 6)
    stream = run.source("in", "t TIMESTAMP, k INT, n INT").withWatermark("t", f"{DELAY} seconds")
    counts = stream.groupBy(F.window("t", "10 seconds"), "k").agg(F.count("*").alias("c"), F.sum("n").alias("s"))
    frame = counts.select(F.unix_timestamp("window.start").alias("w"), "k", "c", "s")
    found = run.results(frame, lambda step: run.put("in", "tkn", rows[step]), len(rows))
    groups = {}
    for time, key, number in in_time_by_window(run, rows)[0]:
        if time < FLUSH:
            groups.setdefault(((START + time) // 10 * 10, key), []).append(number)
    assert found == Counter((window, key, len(all_of), sum(all_of)) for (window, key), all_of in groups.items())
