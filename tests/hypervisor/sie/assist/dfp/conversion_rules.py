"""What instructions do that convert to and from integers and coded digits."""

from cpu_model import FORMATS, Number, Stop, class_cc, deliver
from number_rules import form_of, integral, need_pairs


def from_integer(cpu, mnemonic):
    form = form_of(mnemonic)
    m3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r1)
    cpu.suppress_inexact = bool(m4 & 4)
    bits = 64 if 'G' in mnemonic else 32
    value = cpu.gpr[r2] & (1 << bits) - 1
    if 'L' not in mnemonic and value >> (bits - 1):
        value -= 1 << bits
    result = deliver(cpu, form, cpu.mode(m3), lambda c: c.create_decimal(value), 0)[1]
    cpu.write(form, r1, result)


def to_integer(cpu, mnemonic):
    form = form_of(mnemonic)
    m3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r2)
    cpu.suppress_inexact = bool(m4 & 4)
    bits = 64 if 'G' in mnemonic else 32
    if 'L' in mnemonic:
        low, high = 0, (1 << bits) - 1
    else:
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    n = cpu.read(form, r2)
    inexact = incremented = False
    value = None
    if n.kind == 'finite':
        rounded, inexact, incremented = integral(cpu, n, cpu.mode(m3))
        value = int(rounded)
    if value is None or not low <= value <= high:
        cpu.invalid()
        cpu.inexact(False)
        value = low if n.is_nan() or n.sign else high
        cpu.cc = 3
    else:
        if inexact:
            cpu.inexact(incremented)
        cpu.cc = class_cc(n)
    if bits == 64:
        cpu.gpr[r1] = value % (1 << 64)
    else:
        cpu.gpr[r1] = cpu.gpr[r1] >> 32 << 32 | value % (1 << 32)


def gpr_pair(cpu, form, r):
    if form == 'extended':
        if r & 1:
            raise Stop(6)
        return f'{cpu.gpr[r]:016x}{cpu.gpr[r + 1]:016x}'
    return f'{cpu.gpr[r]:016x}'


def sign_of(code):
    if code not in 'abcdef':
        raise Stop(7, 0)
    return 1 if code in 'bd' else 0


def number_of(digits, sign):
    if not digits.isdigit():
        raise Stop(7, 0)
    return Number('finite', sign, 0, int(digits))


def from_bcd(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, r2 = cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r1)
    digits = gpr_pair(cpu, form, r2)
    sign = 0
    if mnemonic[2] == 'S':
        sign, digits = sign_of(digits[-1]), digits[:-1]
    cpu.write(form, r1, number_of(digits, sign))


def to_bcd(cpu, mnemonic):
    form = form_of(mnemonic)
    m4, r1, r2 = cpu.field(20), cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r2)
    gpr_pair(cpu, form, r1)
    n = cpu.read(form, r2)
    digits = str(n.coefficient)
    if mnemonic[1] == 'S':
        digits += 'd' if n.sign else 'f' if m4 & 1 else 'c'
    digits = digits.rjust(32, '0')
    if form == 'extended':
        cpu.gpr[r1], cpu.gpr[r1 + 1] = int(digits[-32:-16], 16), int(digits[-16:], 16)
    else:
        cpu.gpr[r1] = int(digits[-16:], 16)


def storage_length(cpu, limit):
    length = cpu.field(8, 8) + 1
    if length > limit:
        raise Stop(6)
    return length


def from_zoned(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, m3 = cpu.field(32), cpu.field(36)
    need_pairs(cpu, form, r1)
    length = storage_length(cpu, FORMATS[form].precision)
    text = cpu.operand[:length].hex()
    sign = sign_of(text[-2]) if m3 & 8 else 0
    cpu.write(form, r1, number_of(text[1::2], sign))


def coefficient_cc(n, room):
    if n.kind != 'finite' or len(str(n.coefficient)) > room:
        return 3
    return class_cc(n)


def plus_or_minus(n, m3):
    negative = n.sign and not (m3 & 1 and n.is_zero())
    return 'd' if negative else 'f' if m3 & 2 else 'c'


def to_zoned(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, m3 = cpu.field(32), cpu.field(36)
    need_pairs(cpu, form, r1)
    length = storage_length(cpu, FORMATS[form].precision)
    n = cpu.read(form, r1)
    digits = str(n.coefficient).rjust(length, '0')[-length:]
    zones = ['3' if m3 & 4 else 'f'] * length
    if m3 & 8:
        zones[-1] = plus_or_minus(n, m3)
    cpu.operand[:length] = bytes.fromhex(''.join(z + d for z, d in zip(zones, digits)))
    cpu.cc = coefficient_cc(n, length)
