"""Makes the benchmarks' input, the same bytes each time.

    generate.py csv FOLDER [--megabytes 1000]      20 files of orders with a header
    generate.py json FOLDER [--orders 5000000]     8 files of JSON lines
    generate.py clicks FOLDER [--events 1000000]   20 files of impressions and 20 of clicks, so many of each
"""
import argparse
import random
import time
from pathlib import Path

STATUSES = ("created", "approved", "shipped", "delivered", "delivered", "delivered", "canceled", "unavailable")
CITIES = ("Lisbon", "Porto", "Madrid", "Turin", "Lyon", "Graz", "Basel", "Ghent")
START = 1704067200  # 2024-01-01 UTC
AT_ONCE = 5000


def csv_lines(bits, first, count):
    lines = []
    stamp = ""
    for number in range(first, first + count):
        if number % 1000 == 0 or not stamp:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(START + number // 1000))
        draw = bits(64)
        comment = '"late, call first"' if number % 50 == 0 else f"note {draw & 0xFFFFF:05x}"
        lines.append(f"o{number:010d},c{(draw >> 31) % 100000:06d},{stamp}.{number % 1000:03d},"
                     f"{(draw >> 20 & 0xFFFFF) % 100000 / 100:.2f},{STATUSES[draw >> 61]},{CITIES[draw >> 58 & 7]},"
                     f"{1 + (draw >> 55 & 7)},{comment}\n")
    return "".join(lines)


def json_lines(bits, first, count):
    lines = []
    last = stamp = None
    for number in range(first, first + count):
        draw = bits(64)
        # Event time goes on by a millisecond each 50 orders and is shaken by up to two seconds back.
        seconds, milliseconds = divmod(START * 1000 + number // 50 - (draw & 0x7FF) * 2000 // 2048, 1000)
        if seconds != last:
            last, stamp = seconds, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        cents = 100 + (draw >> 11 & 0xFFFFF) % 99900
        lines.append(f'{{"order_id":"o{number:010d}","customer_id":"c{(draw >> 31) % 100000:06d}",'
                     f'"ts":"{stamp}.{milliseconds:03d}Z",'
                     f'"amount":{cents // 100}.{cents % 100:02d},"status":"{STATUSES[draw >> 61]}",'
                     f'"city":"{CITIES[draw >> 58 & 7]}","items":{1 + (draw >> 55 & 7)}}}\n')
    return "".join(lines)


def make_csv(folder, megabytes, files=20):
    bits = random.Random(7).getrandbits
    number = 0
    for index in range(files):
        with open(folder / f"orders-{index:03d}.csv", "w", encoding="ascii") as file:
            size = file.write("order_id,customer_id,ts,amount,status,city,items,comment\n")
            while size < megabytes * 1_000_000 // files:
                size += file.write(csv_lines(bits, number, AT_ONCE))
                number += AT_ONCE
        print(f"  {folder.name}: {index + 1} of {files} files", flush=True)


def make_json(folder, orders, files=8):
    bits = random.Random(42).getrandbits
    for index in range(files):
        with open(folder / f"orders-{index:03d}.json", "w", encoding="ascii") as file:
            for number in range(orders * index // files, orders * (index + 1) // files, AT_ONCE):
                file.write(json_lines(bits, number, min(AT_ONCE, orders * (index + 1) // files - number)))
        print(f"  {folder.name}: {index + 1} of {files} files", flush=True)


def make_clicks(folder, events, files=20):
    """Impressions a millisecond apart, and a click for each: nine of ten within five minutes, the others later."""
    bits = random.Random(11).getrandbits
    clicks = []
    for name in ("impressions", "clicks"):
        (folder / name).mkdir(exist_ok=True)

    def stamp(millis):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + millis // 1000)) + f".{millis % 1000:03d}Z"

    for index in range(files):
        first, last = events * index // files, events * (index + 1) // files
        with open(folder / "impressions" / f"{index:03d}.json", "w", encoding="ascii") as file:
            for number in range(first, last):
                draw = bits(64)
                ad, place = f"a{number:08d}{draw & 0xFFFF:04x}", CITIES[draw >> 16 & 7]
                file.write(f'{{"ad":"{ad}","shown":"{stamp(number)}","place":"{place}","price":{(draw >> 20) % 1000 / 100:.2f}}}\n')
                late = 300_000 if (draw >> 40) % 10 == 0 else 0
                clicks.append((number + late + (draw >> 44) % 20_000, ad, draw >> 44))
        with open(folder / "clicks" / f"{index:03d}.json", "w", encoding="ascii") as file:
            clicks.sort()
            due = len(clicks) if index == files - 1 else next((i for i, c in enumerate(clicks) if c[0] >= last), len(clicks))
            for clicked, ad, draw in clicks[:due]:
                file.write(f'{{"clicked_ad":"{ad}","clicked":"{stamp(clicked)}","user":"u{draw % 50000:05d}"}}\n')
            del clicks[:due]
    print(f"  {folder.name}: {2 * files} files", flush=True)


MAKERS = {"csv": make_csv, "json": make_json, "clicks": make_clicks}


def ensure(kind, folder, amount):
    """Makes the data unless a finished copy of the same amount is there."""
    folder = Path(folder)
    mark = folder.with_suffix(".made")
    if mark.exists() and mark.read_text() == str(amount):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.rglob("*"):
        if old.is_file():
            old.unlink()
    print(f"Making {folder}", flush=True)
    MAKERS[kind](folder, amount)
    mark.write_text(str(amount))


def make_topics(servers, *topics, partitions=2):
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": servers})
    for creation in admin.create_topics([NewTopic(topic, partitions, 1) for topic in topics]).values():
        creation.result(30)


def ensure_topic(servers, folder, orders, partitions=4):
    """The topic that has the lines of a JSON folder, one after the other by partition; sent unless all are there."""
    from confluent_kafka import Consumer, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic

    topic = f"bench-orders-{orders}"
    client = {"bootstrap.servers": servers}
    admin = AdminClient(client)
    if topic in admin.list_topics(timeout=30).topics:
        reader = Consumer({**client, "group.id": "bench"})
        there = sum(reader.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1] for number in range(partitions))
        reader.close()
        if there == orders:
            return topic
        admin.delete_topics([topic], operation_timeout=30)[topic].result()
    print(f"Sending {folder.name} to {topic}", flush=True)
    made = NewTopic(topic, partitions, 1, config={"retention.ms": "-1"})
    admin.create_topics([made], operation_timeout=30)[topic].result()
    producer = Producer({**client, "linger.ms": 50, "queue.buffering.max.messages": 1_000_000})
    number = 0
    for path in sorted(folder.glob("*.json")):
        with open(path, "rb") as file:
            for line in file:
                if number % 10_000 == 0:
                    while len(producer) > 500_000:
                        producer.poll(0.1)
                producer.produce(topic, line[:-1], partition=number % partitions)
                number += 1
    producer.flush()
    return topic


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=list(MAKERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=5_000_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    ensure(given.kind, given.folder, {"csv": given.megabytes, "json": given.orders, "clicks": given.events}[given.kind])


if __name__ == "__main__":
    main()
