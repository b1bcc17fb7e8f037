"""How far two results lie apart:  agree.py FIRST.json SECOND.json [--tolerance 1e-4]

Both as peer.py writes them. Compared is what both have: values that one of them left out are passed over, and
counted. Differences are absolute, of the distances of weights relative. The status is 1 where one is above the
tolerance, or where there is nothing to compare.
"""

import argparse
import json
import pathlib
import sys


def numbers(result):
    """Every value by what it is: (measure, state, form, metric, layers)."""
    found = {}
    for series in result["series"]:
        key = series["measure"], series.get("state"), series.get("part"), series["metric"]
        for layer, value in zip(series["layers"], series["values"]):
            found[*key, layer] = value
    for matrix in result["matrices"]:
        rows, columns = matrix["rows"], matrix["columns"]
        places = [(row, column) for row in rows["layers"] for column in columns["layers"]]
        for place, value in zip(places, matrix["values"]):
            found[matrix["measure"], f"{rows['state']}-{columns['state']}", None, matrix["metric"], place] = value
    for measure, values in result["values"].items():
        for metric, value in values.items():
            found[measure, None, None, metric, None] = value
    return {key: value for key, value in found.items() if value is not None}


def distance(key, first, second):
    scale = max(abs(first), abs(second)) if key[0] == "l2" else 1
    return abs(first - second) / scale if scale else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    first, second = (numbers(json.loads(pathlib.Path(path).read_text())) for path in (options.first, options.second))
    both = [key for key in first if key in second]
    apart = {key: distance(key, first[key], second[key]) for key in both}
    print("| measure | metric | values compared | greatest difference | where |\n|---|---|---:|---:|---|")
    groups = {}
    for key in both:
        groups.setdefault((key[0], key[3]), []).append(key)
    for (measure, metric), keys in groups.items():
        worst = max(keys, key=apart.get)
        where = ", ".join(str(part) for part in (worst[1], worst[2], worst[4]) if part)
        print(f"| {measure} | {metric} | {len(keys)} | {apart[worst]:.1e} | {where} |")
    single = len(first) + len(second) - 2 * len(both)
    print(f"\n{len(both)} values compared, {single} in one of the two alone.")
    sys.exit(0 if both and max(apart.values()) <= options.tolerance else 1)


if __name__ == "__main__":
    main()
