#!/usr/bin/python3
"""What gcovr counted (its --json) as a table: lines and branches of each file, of each directory, and of all."""
import collections
import dataclasses
import json
import sys

WANTED = 95.0  # per cent of a file's lines


@dataclasses.dataclass
class Count:
    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_taken: int = 0
    never_run: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.lines += other.lines
        self.lines_run += other.lines_run
        self.branches += other.branches
        self.branches_taken += other.branches_taken

    def percent_of_lines(self):
        return percent(self.lines_run, self.lines)

    def row(self, name):
        return (f"{name:<38}{self.lines_run:>6}/{self.lines:<6}{self.percent_of_lines():>6.1f} %"
                f"{self.branches_taken:>7}/{self.branches:<6}{percent(self.branches_taken, self.branches):>6.1f} %")


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def count_of(file):
    count = Count()
    for line in file["lines"]:
        if line.get("gcovr/noncode"):
            continue
        count.lines += 1
        count.lines_run += line["count"] > 0
        if line["count"] == 0:
            count.never_run.append(line["line_number"])
        count.branches += len(line["branches"])
        count.branches_taken += sum(branch["count"] > 0 for branch in line["branches"])
    return count


def ranges(numbers):
    """[3, 4, 5, 9] → 3-5, 9"""
    spans = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)


def main():
    with open(sys.argv[1], encoding="utf-8") as report:
        counts = {file["file"]: count_of(file) for file in json.load(report)["files"]}
    counts = {name: count for name, count in sorted(counts.items()) if count.lines}
    directories = collections.defaultdict(Count)
    total = Count()
    print(f"{'':<38}{'lines':>13}{'':>8}{'branches':>14}")
    for name, count in counts.items():
        print(count.row(name))
        directories[name.split("/")[0]].add(count)
        total.add(count)
    print()
    for name, count in directories.items():
        print(count.row(name + "/"))
    print(total.row("total"))
    below = {name: count for name, count in counts.items() if count.percent_of_lines() < WANTED}
    if below:
        print(f"\nbelow {WANTED:.0f} % of lines:")
    for name, count in below.items():
        print(f"{name}: {count.percent_of_lines():.1f} %; never run: {ranges(count.never_run)}")


if __name__ == "__main__":
    main()
