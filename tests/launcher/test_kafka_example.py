"""The route of examples/kafka_orders, as a user runs it: its totals are those of the files that were replayed."""
import csv
import re
import subprocess
import sys
from collections import Counter

from running import ROOT

EXAMPLES = ROOT / "examples"


def families():
    with open(EXAMPLES / "kafka_orders" / "products.csv", encoding="utf-8", newline="") as file:
        return {row["product"]: row["family"] for row in csv.DictReader(file)}


def orders_by_family():
    family_of, found = families(), Counter()
    for path in (EXAMPLES / "orders" / "data").glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            for order in csv.DictReader(file, delimiter=";"):
                if order["status"] != "cancelled" and int(order["quantity"]) > 0:
                    found[family_of.get(order["product"], "other")] += 1
    return found


def test_route_of_orders(tmp_path):
    command = [sys.executable, EXAMPLES / "kafka_orders" / "run.py", "--rate", "20000", "--output", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    summed = {family: int(orders) for family, orders in re.findall(r"\| *(\w+)\| +(\d+)\|", ended.stdout)}
    assert summed == orders_by_family()
    assert re.search(r"2024-03-01 coffee +\d+ orders", ended.stdout), ended.stdout
