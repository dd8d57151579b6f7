"""Guest programs: s390x code that a test loads into a machine."""

def s390x_guest(name, src, hdrs = [], copts = [], linkopts = [], testonly = False, visibility = None):
    """Assembles or compiles `src` into name.elf, linked at 0x10000, and name.bin, its bytes from there.

    Execution starts at _start, in the z/Architecture 64-bit mode or in the one that a short PSW gives: it
    is the loader's choice. A .c file is freestanding and brings its own _start.

    Args:
      name: both files, as a target for `data`.
      src: a .S or .c file.
      hdrs: files that it includes, by their path from the workspace or beside it.
      copts: further options of the cross compiler.
      linkopts: libraries, behind the source.
      testonly: as everywhere.
      visibility: as everywhere.
    """
    native.genrule(
        name = name,
        srcs = [src] + hdrs + ["//tests/guests:guest.ld"],
        outs = [name + ".elf", name + ".bin"],
        cmd = " ".join([
            "$(location @s390x_gcc//:gcc) -march=zEC12 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic",
            "-fno-stack-protector -fno-asynchronous-unwind-tables -mno-vx -I. -iquote $$(dirname $(location %s))" % src,
            " ".join(copts),
            "-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -T $(location //tests/guests:guest.ld)",
            "-o $(location %s.elf) $(location %s) %s &&" % (name, src, " ".join(linkopts)),
            "$(location @s390x_gcc//:objcopy) -O binary $(location %s.elf) $(location %s.bin)" % (name, name),
        ]),
        tools = ["@s390x_gcc//:gcc", "@s390x_gcc//:objcopy"],
        testonly = testonly,
        visibility = visibility,
    )

def linux_program(name, src, copts = [], linkopts = [], testonly = False, visibility = None):
    """Compiles `src` into name.elf, a program of an s390x Linux that needs no libraries there.

    Args:
      name: the file, as a target for `data`.
      src: a .c file.
      copts: further options of the cross compiler.
      linkopts: libraries, behind the source.
      testonly: as everywhere.
      visibility: as everywhere.
    """
    native.genrule(
        name = name,
        srcs = [src],
        outs = [name + ".elf"],
        cmd = " ".join(
            ["$(location @s390x_gcc//:gcc) -march=z196 -O2 -Wall -Wextra -Werror -static -pthread"] +
            copts + ["-o $@ $<"] + linkopts,
        ),
        tools = ["@s390x_gcc//:gcc"],
        testonly = testonly,
        visibility = visibility,
    )
