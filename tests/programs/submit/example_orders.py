"""The example of the guide, on its sample data."""
import runpy
import sys
from pathlib import Path

example = Path(__file__).resolve().parents[3] / "examples" / "orders"
sys.argv = [str(example / "orders.py"), str(example / "data"), "result"]
runpy.run_path(sys.argv[0], run_name="__main__")
