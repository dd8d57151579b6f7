"""A C++ toolchain for s390x made of Debian's cross compiler: bazel test --config=s390x."""

def _s390x_toolchain_impl(ctx):
    result = ctx.execute([ctx.path(Label("//tools:s390x-sysroot"))])
    if result.return_code:
        fail("tools/s390x-sysroot: " + result.stderr)
    sysroot = result.stdout.strip()
    tools = {"llvm-cov": "/bin/false"}
    for tool in ["ar", "cpp", "gcc", "gcov", "ld", "nm", "objcopy", "objdump", "strip", "dwp"]:
        tools[tool] = "/usr/bin/s390x-linux-gnu-" + tool
    libraries = sysroot + "/usr/lib/s390x-linux-gnu"
    ctx.file("BUILD", """
load("@bazel_tools//tools/cpp:unix_cc_toolchain_config.bzl", "cc_toolchain_config")

package(default_visibility = ["//visibility:public"])

filegroup(name = "empty")

cc_toolchain_suite(
    name = "toolchain",
    toolchains = {{
        "s390x": ":s390x",
        "s390x|gcc": ":s390x",
    }},
)

cc_toolchain(
    name = "s390x",
    all_files = ":empty",
    compiler_files = ":empty",
    dwp_files = ":empty",
    linker_files = ":empty",
    objcopy_files = ":empty",
    strip_files = ":empty",
    supports_param_files = 1,
    toolchain_config = ":config",
)

cc_toolchain_config(
    name = "config",
    abi_libc_version = "local",
    abi_version = "local",
    compile_flags = ["-fno-omit-frame-pointer"],
    compiler = "gcc",
    cpu = "s390x",
    cxx_builtin_include_directories = {includes},
    cxx_flags = ["-isystem", "{sysroot}/usr/include", "-isystem", "{sysroot}/usr/include/s390x-linux-gnu"],
    host_system_name = "local",
    link_flags = ["-L{libraries}", "-Wl,--disable-new-dtags", "-Wl,-rpath,{libraries}", "-Wl,-rpath-link,{libraries}"],
    link_libs = ["-lstdc++", "-lm"],
    opt_compile_flags = ["-g0", "-O2", "-DNDEBUG"],
    target_libc = "local",
    target_system_name = "s390x-linux-gnu",
    tool_paths = {tools},
    toolchain_identifier = "s390x-linux-gnu",
    unfiltered_compile_flags = ["-fno-canonical-system-headers"],
)
""".format(
        includes = [
            sysroot + "/usr/include",
            "/usr/include",
            "/usr/lib/gcc-cross/s390x-linux-gnu",
            "/usr/s390x-linux-gnu/include",
        ],
        libraries = libraries,
        sysroot = sysroot,
        tools = tools,
    ))

s390x_toolchain = repository_rule(
    implementation = _s390x_toolchain_impl,
    configure = True,
    environ = ["HOME", "UCONTROL_CACHE"],
    local = True,
)
