"""Sends the orders of examples/orders/data to a Kafka topic as JSON, in the order of their times, at a steady rate.

    replay.py --bootstrap-server HOST:PORT [--topic orders] [--rate 1000] [--repeat N]

A record's key is the customer: the orders of one stay in order. With --repeat the days go on after the last one.
"""
import argparse
import csv
import json
import time
from datetime import datetime, timedelta
from pathlib import Path

from confluent_kafka import Producer

DATA = Path(__file__).resolve().parents[1] / "orders" / "data"
NUMBERS = {"order_id": int, "quantity": int, "unit_price": float, "discount": float}


def orders(rounds):
    """The orders as dictionaries; in each further round with later days and new numbers."""
    files = sorted(DATA.glob("*.csv"))
    for number in range(rounds):
        later = timedelta(days=number * len(files))
        for path in files:
            with open(path, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter=";"):
                    order = {name: NUMBERS[name](value) if name in NUMBERS else value for name, value in row.items() if value}
                    order["order_id"] += number * 1_000_000
                    order["ordered_at"] = (datetime.fromisoformat(order["ordered_at"]) + later).isoformat()
                    yield order


def send(servers, topic, rate, rounds):
    """Sends them, `rate` a second, and returns how many; raises if the brokers refuse one."""
    refused = []
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 5})
    start, sent = time.monotonic(), 0
    for order in orders(rounds):
        early = start + sent / rate - time.monotonic()
        if early > 0:
            producer.poll(early)
        producer.produce(topic, json.dumps(order, ensure_ascii=False).encode(), order["customer"],
                         on_delivery=lambda error, _: error and refused.append(error))
        sent += 1
    producer.flush()
    if refused:
        raise SystemExit(f"{len(refused)} of {sent} orders were refused: {refused[0]}")
    return sent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-server", required=True, metavar="HOST:PORT")
    parser.add_argument("--topic", default="orders")
    parser.add_argument("--rate", type=float, default=1000, help="orders a second")
    parser.add_argument("--repeat", type=int, default=1, metavar="N")
    given = parser.parse_args()
    sent = send(given.bootstrap_server, given.topic, given.rate, given.repeat)
    print(f"{sent} orders sent to {given.topic}")


if __name__ == "__main__":
    main()
