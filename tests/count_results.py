#!/usr/bin/env python3
"""count_results.py STATUS EVENTS: prints how many test cases of a Bazel run passed, failed and were skipped.

EVENTS is what --build_event_json_file wrote, STATUS is Bazel's own. A test program that is no GoogleTest,
or that ended without a report, counts as one; so does a target that did not build.
"""
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree


def cases(report):
    """Counts the cases of a test.xml and prints those that failed."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        name = "%s.%s" % (case.get("classname", ""), case.get("name"))
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print("FAILED  " + name.strip("."), file=sys.stderr)
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


status, events = sys.argv[1:]
runs, summaries = {}, {}
try:
    lines = open(events, encoding="utf-8").readlines()
except FileNotFoundError:  # Bazel did not start
    lines = []
for line in lines:
    event = json.loads(line)
    ident = event["id"]
    if "testResult" in ident and "testResult" in event:
        key = ident["testResult"]
        # The last attempt of a shard is the one that counts.
        runs[key["label"], key.get("run", 1), key.get("shard", 1)] = event["testResult"]
    elif "testSummary" in ident and "testSummary" in event:
        summaries[ident["testSummary"]["label"]] = event["testSummary"].get("overallStatus", "")
    elif "targetCompleted" in ident and not event.get("completed", {}).get("success"):
        label = ident["targetCompleted"]["label"]
        if label not in summaries:
            summaries[label] = "NO_BUILD"

total = [0, 0, 0]
for (label, _, _), run in sorted(runs.items()):
    report = [urllib.parse.unquote(output["uri"][len("file://"):])
              for output in run.get("testActionOutput", []) if output["name"] == "test.xml"]
    good = run.get("status") in ("PASSED", "FLAKY")
    try:
        counts = cases(report[0])
    except (IndexError, OSError, ElementTree.ParseError):
        counts = (1, 0, 0) if good else (0, 0, 0)
    if not good and counts[1] == 0:
        print("FAILED  %s (%s)" % (label, run.get("status")), file=sys.stderr)
        counts = (counts[0], 1, counts[2])
    total = [a + b for a, b in zip(total, counts)]

ran = {label for label, _, _ in runs}
for label, summary in sorted(summaries.items()):
    if label not in ran and summary in ("NO_BUILD", "NO_STATUS", "FAILED_TO_BUILD", "INCOMPLETE"):
        print("FAILED  %s did not build" % label, file=sys.stderr)
        total[1] += 1
# Bazel failed, and nothing above says why: a BUILD file that does not load, for instance. Status 4
# means that there was no test to run.
if status not in ("0", "4") and total[1] == 0:
    total[1] = 1
print(*total)
