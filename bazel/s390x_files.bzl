"""Targets built for s390x inside a build for this machine, for tests that run them under qemu-s390x."""

def _to_s390x_impl(settings, attr):
    return {
        "//command_line_option:cpu": "s390x",
        "//command_line_option:crosstool_top": "@s390x_toolchain//:toolchain",
        "//command_line_option:dynamic_mode": "off",
    }

_to_s390x = transition(
    implementation = _to_s390x_impl,
    inputs = [],
    outputs = [
        "//command_line_option:cpu",
        "//command_line_option:crosstool_top",
        "//command_line_option:dynamic_mode",
    ],
)

def _s390x_files_impl(ctx):
    files = []
    for src in ctx.attr.srcs:
        output = ctx.actions.declare_file(ctx.label.name + "/" + src.label.name)
        ctx.actions.symlink(output = output, target_file = src[DefaultInfo].files.to_list()[0])
        files.append(output)
    return [DefaultInfo(files = depset(files), runfiles = ctx.runfiles(files))]

# The first file of each of `srcs`, as NAME/<its target's name>.
s390x_files = rule(
    implementation = _s390x_files_impl,
    attrs = {
        "srcs": attr.label_list(cfg = _to_s390x),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
