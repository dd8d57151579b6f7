"""Tests of the services in Python, with real processes."""

def python_service_test(name, src = None, data = [], **kwargs):
    """Runs the cases of src, usually name.py, which find daemon, command line and protos beside them."""
    source = src or name + ".py"
    native.sh_test(
        name = name,
        srcs = ["run.sh"],
        args = ["tests/service/" + source],
        data = [
            source,
            "harness.py",
            "invention.py",
            "run_tests.py",
            "//proto:sources",
            "//services:ucontrold",
            "//services/cli:ucctl",
        ] + data,
        **kwargs
    )
