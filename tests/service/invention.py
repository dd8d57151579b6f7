"""Requests that nobody in their right mind sends."""
from google.protobuf import symbol_database
from harness import (address_space_pb2, console_pb2, daemon_pb2, event_pb2, interrupt_pb2,
                     machine_pb2, memory_pb2, operations_pb2, vcpu_pb2)

MIB = 1 << 20

WORDS = ("machines/m", "machines/m", "machines/m/vcpus/0", "machines/m/vcpus/0", "memories/m-image", "m", "", "machines/../m", "*",
         "machines/m/consoles/sclp", "operations/x", "a" * 300, "\0", "state = RUNNING", "%n%s",
         "'; DROP TABLE resources; --", "machines/m/vcpus/65535", "\u202e", "0")


def methods():
    """(path, descriptor) of every method."""
    for module in (machine_pb2, memory_pb2, vcpu_pb2, address_space_pb2, interrupt_pb2,
                   console_pb2, event_pb2, daemon_pb2, operations_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield "/%s/%s" % (service.full_name, method.name), method


def invent(descriptor, generator, absent=0.4, depth=0):
    """A message of this type with some fields at random; `absent` is the part that stays away."""
    request = symbol_database.Default().GetPrototype(descriptor)()
    for field in descriptor.fields:
        if generator.random() < absent or depth > 4:
            continue
        fill(request, field, generator, absent, depth)
    return request


def fill(request, field, generator, absent, depth):
    if field.message_type and field.message_type.GetOptions().map_entry:
        return
    if field.message_type:
        value = invent(field.message_type, generator, absent, depth + 1)
        target = getattr(request, field.name)
        if field.label == field.LABEL_REPEATED:
            target.add().CopyFrom(value)
        else:
            target.CopyFrom(value)
        return
    if field.cpp_type == field.CPPTYPE_STRING:
        value = generator.choice(WORDS)
        value = value if field.type != field.TYPE_BYTES else value.encode()
    elif field.cpp_type == field.CPPTYPE_BOOL:
        value = generator.random() < 0.5
    elif field.cpp_type == field.CPPTYPE_ENUM:
        value = generator.choice([0, 1, 2, 3, 99])
    elif field.cpp_type in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
        value = generator.random()
    else:
        bits = 64 if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64) else 32
        signed = field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_INT32)
        value = generator.choice([0, 1, 4096, MIB, 2 * MIB, (1 << bits - 1) - 1,
                                  -1 if signed else (1 << bits) - 1,
                                  generator.getrandbits(bits - 1)])
    if field.label == field.LABEL_REPEATED:
        getattr(request, field.name).append(value)
    else:
        setattr(request, field.name, value)


def corrupt(content, generator):
    """These bytes with a few of them changed, taken away or put in."""
    content = bytearray(content)
    for _ in range(generator.randrange(1, 5)):
        place = generator.randrange(len(content) + 1)
        kind = generator.random()
        if kind < 0.3:
            content[place:place] = generator.randbytes(generator.randrange(1, 9))
        elif kind < 0.5:
            del content[place:place + generator.randrange(1, 9)]
        elif place < len(content):
            content[place] = generator.choice([0, 0x7f, 0x80, 0xff, generator.randrange(256)])
    return bytes(content)
