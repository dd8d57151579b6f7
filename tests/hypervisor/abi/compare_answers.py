#!/usr/bin/env python3
"""compare_answers.py KERNEL EXPLAINED OURS: every case is answered as the kernel did, or explained.

A row of EXPLAINED has four columns between bars: a regular expression for whole case names, one for
a part of the kernel's answer, what the software device answers instead of that part, and why. What
it answers is text, or after a tilde a regular expression. All rows that fit a case are applied in
turn; what comes out has to be the answer. "absent" stands for a case that was not printed. A row
that explains nothing is an error.
"""
import re
import sys

MARK = "\0"  # between these stands the number of a row whose answer is a regular expression


def load_answers(path):
    answers = {}
    with open(path) as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            name, answer = line.rstrip("\n").split("\t", 1)
            answers[name] = answer.strip().replace("\t", " ")
    return answers


def load_explanations(path):
    rows = {}
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            case, part, ours, reason = line.rstrip("\n").split(" | ")
            rows[number] = (re.compile(case), re.compile(part), ours, reason)
    return rows


def adapt(name, expected, explanations, used):
    for number, (case, part, ours, _) in explanations.items():
        if not case.fullmatch(name) or not part.search(expected):
            continue
        used.add(number)
        with_pattern = ours.startswith("~")
        expected = part.sub(f"{MARK}{number}{MARK}" if with_pattern else ours, expected, count=1)
    pieces = expected.split(MARK)
    return "".join(
        re.escape(piece) if i % 2 == 0 else explanations[int(piece)][2][1:]
        for i, piece in enumerate(pieces)
    )


def main(kernel_path, explained_path, our_path):
    kernel, ours = load_answers(kernel_path), load_answers(our_path)
    explanations = load_explanations(explained_path)
    used, equal, explained, wrong = set(), 0, 0, 0
    for name in list(kernel) + [name for name in ours if name not in kernel]:
        expected, answer = kernel.get(name, "absent"), ours.get(name, "absent")
        if expected == answer:
            equal += 1
        elif re.fullmatch(adapt(name, expected, explanations, used), answer):
            explained += 1
        else:
            wrong += 1
            print(f"{name}\n  kernel: {expected}\n  ours:   {answer}")
    for number, (case, part, _, reason) in explanations.items():
        if number not in used:
            wrong += 1
            print(f"{explained_path}:{number} explains nothing: {case.pattern}|{part.pattern}|{reason}")
    print(f"{equal} equal, {explained} explained, {wrong} wrong")
    return 1 if wrong or not equal else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
