"""`python -m unittest` in the plugin's folder runs the cases; this is where it finds the source and the SDK."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(FOLDER / "src"), str(FOLDER / "dukou-sdk")]
