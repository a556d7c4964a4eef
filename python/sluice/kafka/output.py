"""How `sluice kafka` prints tables."""


def print_table(headings, rows):
    """Columns as wide as their widest cell; `-` stands for None."""
    lines = [headings, *(["-" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
