"""Writes the sample data of examples/orders: some days of a small shop's orders, always the same.

    make_sample_orders.py [FOLDER]
"""
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

DAYS = 12
PRODUCTS = [("espresso beans 1 kg", 18.90), ("paper filters", 3.50), ("hand grinder", 74.00), ("kettle", 49.90),
            ("moka pot", 32.50), ("milk jug", 14.20), ("descaler", 8.95), ("cup, set of 2", 21.00), ("tamper", 26.40),
            ("cold brew bottle", 35.75)]
CITIES = ["Lisbon", "Porto", "Madrid", "Turin", "Lyon", "Graz", "Basel", "Ghent", "Gdańsk", "Århus"]
STATUSES = ["delivered"] * 14 + ["shipped"] * 3 + ["created"] * 2 + ["cancelled"]


def orders(day, chooser, first):
    """The lines of one day: busy around noon and in the evening."""
    number = first
    moment = day + timedelta(hours=7)
    lines = []
    while moment < day + timedelta(hours=23):
        busy = 2.2 if 11 <= moment.hour <= 13 or 18 <= moment.hour <= 21 else 1.0
        moment += timedelta(seconds=chooser.expovariate(busy / 110))
        product, price = chooser.choice(PRODUCTS)
        quantity = chooser.choices([1, 2, 3, 6], [70, 20, 7, 3])[0]
        discount = chooser.choice(["", "", "", "0.05", "0.10"])
        comment = chooser.choice(["", "", "", "", "gift wrap", '"ring twice; leave at door"', "call first"])
        status = chooser.choice(STATUSES)
        customer = f"C{chooser.randrange(1, 900):04d}"
        city = chooser.choice(CITIES)
        lines.append(f"{number};{moment:%Y-%m-%d %H:%M:%S};{customer};{city};\"{product}\";{quantity};{price:.2f};{discount};"
                     f"{status};{comment}")
        number += 1
    return lines


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "examples/orders/data")
    folder.mkdir(parents=True, exist_ok=True)
    chooser = random.Random(2024)
    number = 100001
    for index in range(DAYS):
        day = datetime(2024, 3, 1) + timedelta(days=index)
        lines = orders(day, chooser, number)
        number += len(lines)
        header = "order_id;ordered_at;customer;city;product;quantity;unit_price;discount;status;comment"
        (folder / f"orders-{day:%Y-%m-%d}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    print(f"{DAYS} files, {number - 100001} orders")


if __name__ == "__main__":
    main()
