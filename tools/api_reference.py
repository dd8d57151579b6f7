#!/usr/bin/python3
"""api_reference.py [OUTPUT]: the reference of the gRPC API, from the comments in proto/, as Markdown.

Needs protoc and Debian's python3-protobuf. Without OUTPUT it writes docs/api-reference.md.
"""
import os
import subprocess
import sys

from google.protobuf import descriptor_pb2

ROOT = os.getcwd() if os.path.isdir("proto") else os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))
Field = descriptor_pb2.FieldDescriptorProto
# Services in the order in which a newcomer meets them.
FILES = ["machine", "device", "cpu", "console", "event", "memory", "address_space", "vcpu",
         "interrupt", "daemon"]
SCALARS = {getattr(Field, name): name[5:].lower() for name in dir(Field) if name.startswith("TYPE_")}


def descriptors():
    files = ["ucontrol/v1/%s.proto" % name for name in FILES]
    blob = subprocess.check_output(
        ["protoc", "-I" + os.path.join(ROOT, "proto"), "--include_source_info",
         "--descriptor_set_out=/dev/stdout"] + files)
    found = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(blob).file}
    return [found[file] for file in files]


def type_of(field, messages):
    name = field.type_name.lstrip(".")
    if field.type not in (Field.TYPE_MESSAGE, Field.TYPE_ENUM):
        shown = SCALARS[field.type]
    elif name in messages and messages[name].options.map_entry:
        key, value = messages[name].field
        return "map<%s, %s>" % (type_of(key, messages), type_of(value, messages))
    elif name.startswith("ucontrol.v1."):
        short = name[len("ucontrol.v1."):]
        shown = "[%s](#%s)" % (short, short.lower().replace(".", ""))
    else:
        shown = name
    prefix = "repeated " if field.label == Field.LABEL_REPEATED else ""
    return prefix + ("optional " if field.proto3_optional else "") + shown


class Page:
    def __init__(self, file, messages, lines):
        self.package, self.messages, self.lines = file.package, messages, lines
        self.comments = {tuple(location.path): location.leading_comments.strip()
                         for location in file.source_code_info.location}
        for i, service in enumerate(file.service):
            self.service(service, (6, i))
        for i, message in enumerate(file.message_type):
            self.message(message, (4, i), "")
        for i, enum in enumerate(file.enum_type):
            self.enum(enum, (5, i), "")

    def comment(self, path, inline=False):
        text = self.comments.get(path, "")
        return " ".join(text.split()) if inline else "\n".join(
            line.strip() for line in text.split("\n"))

    def service(self, service, path):
        self.lines += ["## Service %s" % service.name, "", self.comment(path), ""]
        for i, method in enumerate(service.method):
            def side(name, stream):
                short = name.split(".")[-1]
                local = name.startswith(".ucontrol.v1.")
                shown = "[%s](#%s)" % (short, short.lower()) if local else name.lstrip(".")
                return ("stream " if stream else "") + shown
            self.lines += [
                "### %s.%s" % (service.name, method.name), "",
                "%s → %s" % (side(method.input_type, method.client_streaming),
                             side(method.output_type, method.server_streaming)), "",
                self.comment(path + (2, i)), ""]

    def message(self, message, path, outer):
        if message.options.map_entry:
            return
        name = outer + message.name
        self.lines += ["### %s" % name, "", self.comment(path), ""]
        if message.field:
            self.lines += ["| field | type | |", "|---|---|---|"]
        for i, field in enumerate(message.field):
            one_of = ""
            if field.HasField("oneof_index") and not field.proto3_optional:
                one_of = "*one of %s.* " % message.oneof_decl[field.oneof_index].name
            self.lines.append("| %s | %s | %s%s |" % (
                field.name, type_of(field, self.messages).replace("|", "\\|"), one_of,
                self.comment(path + (2, i), inline=True).replace("|", "\\|")))
        if message.field:
            self.lines.append("")
        for i, nested in enumerate(message.nested_type):
            self.message(nested, path + (3, i), name + ".")
        for i, enum in enumerate(message.enum_type):
            self.enum(enum, path + (4, i), name + ".")

    def enum(self, enum, path, outer):
        self.lines += ["### %s%s" % (outer, enum.name), "", self.comment(path), "",
                       "| value | number | |", "|---|---|---|"]
        for i, value in enumerate(enum.value):
            self.lines.append("| %s | %d | %s |" % (
                value.name, value.number, self.comment(path + (2, i), inline=True)))
        self.lines.append("")


def walk(message, name, messages):
    messages[name] = message
    for nested in message.nested_type:
        walk(nested, name + "." + nested.name, messages)


def main():
    files = descriptors()
    messages = {}
    for file in files:
        for message in file.message_type:
            walk(message, file.package + "." + message.name, messages)
    lines = ["# Reference of the API, package `ucontrol.v1`", "",
             "Generated from `proto/ucontrol/v1` by `tools/api_reference.py`; long-running operations "
             "are those of `google.longrunning.Operations`.", ""]
    for file in files:
        Page(file, messages, lines)
    text = "\n".join(lines).rstrip() + "\n"
    output = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "docs", "api-reference.md")
    with open(output, "w", encoding="utf-8") as page:
        page.write(text)


main()
