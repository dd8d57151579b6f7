"""Tests of the services in Python, with real processes."""

def python_service_test(name, data = [], **kwargs):
    """Runs the cases of name.py, which find daemon, command line and protos beside them."""
    native.sh_test(
        name = name,
        srcs = ["run.sh"],
        args = ["tests/service/%s.py" % name],
        tags = ["slow"],
        data = [
            name + ".py",
            "harness.py",
            "run_tests.py",
            "//proto:sources",
            "//services:ucontrold",
            "//services/cli:ucctl",
        ] + data,
        **kwargs
    )
