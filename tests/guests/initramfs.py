"""An initramfs that holds one program."""


def member(name, mode, content):
    """A file of a cpio archive (newc)."""
    fields = [0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def archive(program):
    """With the file `program` as /init."""
    with open(program, "rb") as file:
        return member(b"init", 0o100755, file.read()) + member(b"TRAILER!!!", 0, b"")
