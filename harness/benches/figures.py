"""How the scripts of this folder print what they measured."""

import os
import statistics


def show(rows, forms):
    """Prints medians with minimum and maximum. `rows` has the values of each name; `forms` the name, words and format of each line."""
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for name, text, form in forms:
        if values := rows.get(name):
            median, least, most = (form.format(pick(values)) for pick in (statistics.median, min, max))
            print(f"{text:60} {median} ({least} to {most})")
