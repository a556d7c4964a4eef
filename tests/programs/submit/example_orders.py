"""The example of the guide, on its sample data."""
import os
import runpy
import shutil
import sys
from pathlib import Path

example = Path(__file__).resolve().parents[3] / "examples" / "orders"
# A stream takes files by their age, and those of a clone are all of the same.
os.mkdir("data")
for day, file in enumerate(sorted((example / "data").iterdir())):
    os.utime(shutil.copy(file, "data"), (1_700_000_000 + day, 1_700_000_000 + day))
sys.argv = [str(example / "orders.py"), "data", "result"]
runpy.run_path(sys.argv[0], run_name="__main__")
