"""What decimal-floating-point instructions should do, calculated with Python's decimal module.

Reads the lines of `vectors`: mnemonic, instruction, condition code; general and floating-point
registers, FPC and storage operand before; program-interruption code, data-exception code, condition
code; and the same registers and operand after. Says how many cases of each row agree.
"""

import collections
import decimal
import sys

from dpd import FORMATS, Number, unpack, pack

D = decimal
MODES = [D.ROUND_HALF_EVEN, D.ROUND_DOWN, D.ROUND_CEILING, D.ROUND_FLOOR,
         D.ROUND_HALF_UP, D.ROUND_HALF_DOWN, D.ROUND_UP, D.ROUND_05UP]
INVALID, ZERODIV, OVERFLOW, UNDERFLOW, INEXACT, QUANTUM = 0x80, 0x40, 0x20, 0x10, 8, 4
WIDE = D.Context(prec=30000, Emax=D.MAX_EMAX, Emin=D.MIN_EMIN, traps=[])


class Suppressed(Exception):
    """The operation traps before there is a result."""


class Stop(Exception):
    """A program interruption other than an IEEE exception."""

    def __init__(self, code, dxc=0):
        super().__init__()
        self.code, self.dxc = code, dxc


class State:
    def __init__(self, words):
        self.gpr = [int(w, 16) for w in words[0:16]]
        self.fpr = [int(w, 16) for w in words[16:32]]
        self.fpc = int(words[32], 16)
        self.operand = bytearray.fromhex(words[33])


class Cpu(State):
    """The state before, which becomes what is expected after."""

    def __init__(self, words, text, cc):
        super().__init__(words)
        self.cc, self.text = cc, text
        self.masks = self.fpc >> 24
        self.flags = self.trap = 0
        self.suppress_inexact = False

    def field(self, bit, width=4):
        return int.from_bytes(self.text, 'big') >> (48 - bit - width) & ((1 << width) - 1)

    # Registers

    def pairs(self, *registers):
        if any(r & 2 for r in registers):
            raise Stop(6)

    def read_bits(self, form, r):
        if form == 'short':
            return self.fpr[r] >> 32
        if form == 'long':
            return self.fpr[r]
        return self.fpr[r] << 64 | self.fpr[r + 2]

    def write_bits(self, form, r, bits):
        if form == 'short':
            self.fpr[r] = bits << 32 | self.fpr[r] & 0xffffffff
        elif form == 'long':
            self.fpr[r] = bits
        else:
            self.fpr[r], self.fpr[r + 2] = bits >> 64, bits & (1 << 64) - 1

    def read(self, form, r):
        return unpack(form, self.read_bits(form, r))

    def write(self, form, r, number):
        self.write_bits(form, r, pack(form, number))

    # Rounding modes

    def mode(self, modifier):
        if modifier >= 8:
            return MODES[modifier - 8]
        named = {1: 4, 3: 7, 4: 0, 5: 1, 6: 2, 7: 3}
        return MODES[named.get(modifier, self.fpc >> 4 & 7)]

    # Exceptions

    def invalid(self):
        self.raise_before(INVALID)

    def raise_before(self, what):
        if self.masks & what:
            self.trap = what
            raise Suppressed
        self.flags |= what

    def inexact(self, incremented):
        if self.suppress_inexact:
            return
        if self.masks & INEXACT:
            self.trap = INEXACT | (4 if incremented else 0)
        else:
            self.flags |= INEXACT

    def trap_with_result(self, what, inexact, incremented):
        self.trap = what
        if inexact and not self.suppress_inexact:
            self.trap |= INEXACT | (4 if incremented else 0)

    def quantum(self):
        if self.masks & QUANTUM:
            self.trap = QUANTUM
        else:
            self.flags |= QUANTUM


def class_cc(n):
    if n.is_nan():
        return 3
    return 0 if n.is_zero() else 1 if n.sign else 2


def quiet(n):
    return n._replace(kind='qnan')


def nan_result(cpu, *operands):
    for n in operands:
        if n.kind == 'snan':
            cpu.invalid()
            return quiet(n)
    for n in operands:
        if n.kind == 'qnan':
            return n
    return None


DEFAULT_NAN = Number('qnan', 0, 0, 0)


def infinity(sign):
    return Number('inf', sign, 0, 0)


def of_decimal(d):
    sign, digits, exponent = d.as_tuple()
    return Number('finite', sign, exponent, int(''.join(map(str, digits))))


def near(number, preferred, precision, lowest=None, highest=None):
    """Trailing zeros come or go until the exponent is as near to the preferred one as can be."""
    c, e = number.coefficient, number.exponent
    if lowest is not None:
        preferred = min(max(preferred, lowest), highest)
    if c == 0:
        return number._replace(exponent=preferred)
    while e > preferred and c * 10 < 10 ** precision:
        c, e = c * 10, e - 1
    while e < preferred and c % 10 == 0:
        c, e = c // 10, e + 1
    return number._replace(coefficient=c, exponent=e)


def deliver(cpu, form, mode, operation, preferred, scaled_form=None, scale=None, sign_of_zero=0):
    """`operation(context)` rounded as the context says; the number, and the format it is in."""
    f = FORMATS[form]
    scaled_form = scaled_form or form
    scale = scale or f.scale
    unbounded = D.Context(prec=f.precision, Emax=D.MAX_EMAX, Emin=D.MIN_EMIN, rounding=mode, traps=[])
    free = operation(unbounded)
    if free.is_zero():
        sign = 1 if free.is_signed() else 0
        zero = Number('finite', sign, min(max(preferred, f.lowest), f.highest), 0)
        if zero.exponent != preferred:
            cpu.quantum()
        return form, zero
    down = unbounded.copy()
    down.rounding = D.ROUND_DOWN
    down.clear_flags()
    cut = operation(down)
    inexact = bool(unbounded.flags[D.Inexact])
    tiny = cut.adjusted() < f.emin
    overflow = free.adjusted() > f.emax
    if (tiny and cpu.masks & UNDERFLOW) or (overflow and cpu.masks & OVERFLOW):
        incremented = inexact and free.copy_abs() != cut.copy_abs()
        number = of_decimal(free)
        if not inexact:
            number = near(number, preferred, f.precision)
        s = FORMATS[scaled_form]
        shift = scale if tiny else -scale
        exponent = number.exponent + shift
        while not s.lowest <= exponent <= s.highest:
            exponent += shift
        cpu.trap_with_result(UNDERFLOW if tiny else OVERFLOW, inexact, incremented)
        return scaled_form, number._replace(exponent=exponent)
    bounded = D.Context(prec=f.precision, Emax=f.emax, Emin=f.emin, clamp=1, rounding=mode, traps=[])
    d = operation(bounded)
    if bounded.flags[D.Overflow]:
        cpu.flags |= OVERFLOW
        cpu.inexact(d.is_infinite())
        return form, infinity(1 if d.is_signed() else 0) if d.is_infinite() else of_decimal(d)
    if bounded.flags[D.Inexact]:
        truncating = bounded.copy()
        truncating.rounding = D.ROUND_DOWN
        incremented = operation(truncating).copy_abs() != d.copy_abs()
        if tiny:
            cpu.flags |= UNDERFLOW
        cpu.inexact(incremented)
        return form, of_decimal(d)
    number = near(of_decimal(d), preferred, f.precision, f.lowest, f.highest)
    if number.exponent != preferred:
        cpu.quantum()
    return form, number


# ---- Instructions. Each takes the CPU, the format and what its row needs. ----

def form_of(mnemonic):
    return 'extended' if 'X' in mnemonic else 'long'


def need_pairs(cpu, form, *registers):
    if form == 'extended':
        cpu.pairs(*registers)


def arithmetic(cpu, mnemonic):
    form = form_of(mnemonic)
    r3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r1, r2, r3)
    a, b = cpu.read(form, r2), cpu.read(form, r3)
    mode = cpu.mode(m4)
    kind = mnemonic[0]
    result = nan_result(cpu, a, b)
    if result is None:
        if kind == 'S':
            b = b._replace(sign=1 - b.sign)
        result = operate(cpu, form, kind, a, b, mode)
    cpu.write(form, r1, result)
    if kind in 'AS':
        cpu.cc = class_cc(result)


def operate(cpu, form, kind, a, b, mode):
    sign = a.sign ^ b.sign
    finite = a.kind == 'finite' and b.kind == 'finite'
    x, y = a.decimal(), b.decimal()
    if kind in 'AS':
        if not finite:
            if a.kind == b.kind and sign:
                cpu.invalid()
                return DEFAULT_NAN
            return infinity(a.sign if a.kind == 'inf' else b.sign)
        return deliver(cpu, form, mode, lambda c: c.add(x, y), min(a.exponent, b.exponent))[1]
    if kind == 'M':
        if not finite:
            if a.is_zero() or b.is_zero():
                cpu.invalid()
                return DEFAULT_NAN
            return infinity(sign)
        return deliver(cpu, form, mode, lambda c: c.multiply(x, y), a.exponent + b.exponent)[1]
    if a.kind == 'inf' and b.kind == 'inf' or a.is_zero() and b.is_zero():
        cpu.invalid()
        return DEFAULT_NAN
    if a.kind == 'inf':
        return infinity(sign)
    if b.kind == 'inf':
        return Number('finite', sign, FORMATS[form].lowest, 0)
    if b.is_zero():
        cpu.raise_before(ZERODIV)
        return infinity(sign)
    return deliver(cpu, form, mode, lambda c: c.divide(x, y), a.exponent - b.exponent)[1]


def load_special(cpu, n, as_it_is):
    if n.kind == 'finite' or as_it_is:
        return n
    return nan_result(cpu, n) or infinity(n.sign)


def load_and_test(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, r2 = cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r1, r2)
    result = load_special(cpu, cpu.read(form, r2), False)
    cpu.write(form, r1, result)
    cpu.cc = class_cc(result)


def lengthen(cpu, mnemonic):
    to, source = ('extended', 'long') if mnemonic == 'LXDTR' else ('long', 'short')
    m4, r1, r2 = cpu.field(20), cpu.field(24), cpu.field(28)
    need_pairs(cpu, to, r1)
    cpu.write(to, r1, load_special(cpu, cpu.read(source, r2), m4 & 8))


def load_rounded(cpu, mnemonic):
    to, source = ('long', 'extended') if mnemonic == 'LDXTR' else ('short', 'long')
    m3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, source, r1, r2)
    cpu.suppress_inexact = bool(m4 & 4)
    n = cpu.read(source, r2)
    if n.kind == 'finite':
        scale = 3072 if source == 'extended' else 192
        to, result = deliver(cpu, to, cpu.mode(m3), lambda c: c.plus(n.decimal()) if n.coefficient
                             else n.decimal(), n.exponent, source, scale)
    else:
        result = load_special(cpu, n, m4 & 8)
    cpu.write(to, r1, result)


def integral(cpu, n, mode):
    """The nearest integer, whether that is another number, and whether it is a larger one."""
    exact = n.decimal()
    rounded = exact.to_integral_value(rounding=mode, context=WIDE)
    return rounded, rounded != exact, rounded.copy_abs() > exact.copy_abs()


def load_integer(cpu, mnemonic):
    form = form_of(mnemonic)
    m3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r1, r2)
    cpu.suppress_inexact = bool(m4 & 4)
    n = cpu.read(form, r2)
    if n.kind != 'finite':
        result = load_special(cpu, n, False)
    elif n.exponent >= 0:
        result = n
    else:
        rounded, inexact, incremented = integral(cpu, n, cpu.mode(m3))
        result = Number('finite', n.sign, 0, int(rounded.copy_abs()))
        if inexact:
            cpu.inexact(incremented)
    cpu.write(form, r1, result)


def compare(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, r2 = cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r1, r2)
    a, b = cpu.read(form, r1), cpu.read(form, r2)
    if a.is_nan() or b.is_nan():
        if mnemonic[0] == 'K' or 'snan' in (a.kind, b.kind):
            cpu.invalid()
        cpu.cc = 3
    else:
        x, y = a.decimal(), b.decimal()
        cpu.cc = 0 if x == y else 1 if x < y else 2


def compare_exponent(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, r2 = cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r1, r2)
    a, b = cpu.read(form, r1), cpu.read(form, r2)
    group = {'qnan': 'nan', 'snan': 'nan'}
    if a.kind == 'finite' and b.kind == 'finite':
        cpu.cc = 0 if a.exponent == b.exponent else 1 if a.exponent < b.exponent else 2
    else:
        cpu.cc = 0 if group.get(a.kind, a.kind) == group.get(b.kind, b.kind) else 3


def test_class(cpu, mnemonic):
    form = {'E': 'short', 'D': 'long', 'X': 'extended'}[mnemonic[3]]
    r1, selected = cpu.field(8), cpu.field(20, 12)
    need_pairs(cpu, form, r1)
    n, f = cpu.read(form, r1), FORMATS[form]
    if n.kind == 'finite':
        if n.is_zero():
            bit = 52
        else:
            bit = 54 if n.decimal().adjusted() < f.emin else 56
            # Subnormal numbers come before normal ones.
    else:
        bit = {'inf': 58, 'qnan': 60, 'snan': 62}[n.kind]
    cpu.cc = selected >> (63 - bit - n.sign) & 1


def test_group(cpu, mnemonic):
    form = {'E': 'short', 'D': 'long', 'X': 'extended'}[mnemonic[3]]
    r1, selected = cpu.field(8), cpu.field(20, 12)
    need_pairs(cpu, form, r1)
    n, f = cpu.read(form, r1), FORMATS[form]
    extreme = n.exponent in (f.lowest, f.highest)
    if n.kind != 'finite':
        bit = 62
    elif n.is_zero():
        bit = 54 if extreme else 52
    elif extreme:
        bit = 56
    else:
        bit = 58 if len(str(n.coefficient)) < f.precision else 60
    cpu.cc = selected >> (63 - bit - n.sign) & 1


def quantize(cpu, mnemonic):
    form = form_of(mnemonic)
    r3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r1, r2, r3)
    value, pattern, f = cpu.read(form, r3), cpu.read(form, r2), FORMATS[form]
    result = nan_result(cpu, pattern, value)
    if result is None:
        if value.kind == 'inf' and pattern.kind == 'inf':
            result = infinity(value.sign)
        else:
            c = D.Context(prec=f.precision, Emax=f.emax, Emin=f.emin, clamp=1,
                          rounding=cpu.mode(m4), traps=[])
            d = c.quantize(value.decimal(), pattern.decimal())
            if d.is_nan():
                cpu.invalid()
                result = DEFAULT_NAN
            else:
                result = of_decimal(d)
                if d != value.decimal():
                    cpu.inexact(d.copy_abs() > value.decimal().copy_abs())
    cpu.write(form, r1, result)


def reround(cpu, mnemonic):
    form = form_of(mnemonic)
    r3, m4, r1, r2 = (cpu.field(b) for b in (16, 20, 24, 28))
    need_pairs(cpu, form, r1, r3)
    n, f, digits = cpu.read(form, r3), FORMATS[form], cpu.gpr[r2] & 0x3f
    if n.kind != 'finite':
        cpu.write(form, r1, load_special(cpu, n, False))
        return
    if digits == 0 or n.is_zero() or len(str(n.coefficient)) <= digits:
        cpu.write(form, r1, n)
        return
    mode = cpu.mode(m4)
    c = D.Context(prec=digits, Emax=D.MAX_EMAX, Emin=D.MIN_EMIN, rounding=mode, traps=[])
    d = c.plus(n.decimal())
    inexact, incremented = d != n.decimal(), d.copy_abs() > n.decimal().copy_abs()
    result = of_decimal(d)
    if d.adjusted() > f.emax:
        if cpu.masks & OVERFLOW:
            cpu.trap_with_result(OVERFLOW, inexact, incremented)
            result = result._replace(exponent=result.exponent - f.scale)
        else:
            cpu.flags |= OVERFLOW
            c = D.Context(prec=f.precision, Emax=f.emax, Emin=f.emin, clamp=1, rounding=mode,
                          traps=[])
            d = c.plus(d)
            cpu.inexact(d.is_infinite())
            result = infinity(n.sign) if d.is_infinite() else of_decimal(d)
    else:
        if inexact:
            cpu.inexact(incremented)
        if result.exponent > f.highest:
            result = result._replace(
                exponent=f.highest,
                coefficient=result.coefficient * 10 ** (result.exponent - f.highest))
            if not inexact:
                cpu.quantum()
    cpu.write(form, r1, result)


def shift(cpu, mnemonic):
    form = form_of(mnemonic)
    r3, r1, count = cpu.field(8), cpu.field(32), cpu.field(20, 12) & 0x3f
    need_pairs(cpu, form, r1, r3)
    n, f = cpu.read(form, r3), FORMATS[form]
    room = f.precision if n.kind == 'finite' else f.precision - 1
    if mnemonic[1] == 'L':
        coefficient = n.coefficient * 10 ** count % 10 ** room
    else:
        coefficient = n.coefficient // 10 ** count
    cpu.write(form, r1, n._replace(coefficient=coefficient))


CODES = {'inf': -1, 'qnan': -2, 'snan': -3}


def extract(cpu, mnemonic):
    form = form_of(mnemonic[2:])
    r1, r2 = cpu.field(24), cpu.field(28)
    need_pairs(cpu, form, r2)
    n = cpu.read(form, r2)
    if n.kind != 'finite':
        value = CODES[n.kind]
    elif mnemonic[1] == 'E':
        value = n.exponent + FORMATS[form].bias
    else:
        value = len(str(n.coefficient)) if n.coefficient else 0
    cpu.gpr[r1] = value % (1 << 64)


def insert(cpu, mnemonic):
    form = form_of(mnemonic)
    r3, r1, r2 = (cpu.field(b) for b in (16, 24, 28))
    need_pairs(cpu, form, r1, r3)
    n, f = cpu.read(form, r3), FORMATS[form]
    biased = cpu.gpr[r2]
    if biased >> 63:
        biased -= 1 << 64
    kinds = {-1: 'inf', -3: 'snan'}
    if 0 <= biased <= f.highest + f.bias:
        n = n._replace(kind='finite', exponent=biased - f.bias)
    else:
        n = n._replace(kind=kinds.get(biased, 'qnan'))
    cpu.write(form, r1, n)


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


def from_packed(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, m3 = cpu.field(32), cpu.field(36)
    need_pairs(cpu, form, r1)
    length = storage_length(cpu, 9 if form == 'long' else 18)
    text = cpu.operand[:length].hex()
    sign = 0
    if m3 & 8:
        if not m3 & 1:
            sign = sign_of(text[-1])
        text = text[:-1]
    number = number_of(text, sign)
    if number.coefficient >= 10 ** FORMATS[form].precision:
        raise Stop(7, 0)
    cpu.write(form, r1, number)


def to_packed(cpu, mnemonic):
    form = form_of(mnemonic)
    r1, m3 = cpu.field(32), cpu.field(36)
    need_pairs(cpu, form, r1)
    length = storage_length(cpu, 9 if form == 'long' else 18)
    n = cpu.read(form, r1)
    room = 2 * length - (1 if m3 & 8 else 0)
    digits = str(n.coefficient).rjust(room, '0')[-room:]
    if m3 & 8:
        digits += plus_or_minus(n, m3)
    cpu.operand[:length] = bytes.fromhex(digits)
    cpu.cc = coefficient_cc(n, room)


RULES = {
    arithmetic: 'ADTR AXTR SDTR SXTR MDTR MXTR DDTR DXTR',
    load_and_test: 'LTDTR LTXTR',
    lengthen: 'LDETR LXDTR',
    load_rounded: 'LEDTR LDXTR',
    load_integer: 'FIDTR FIXTR',
    compare: 'CDTR CXTR KDTR KXTR',
    compare_exponent: 'CEDTR CEXTR',
    test_class: 'TDCET TDCDT TDCXT',
    test_group: 'TDGET TDGDT TDGXT',
    quantize: 'QADTR QAXTR',
    reround: 'RRDTR RRXTR',
    shift: 'SLDT SLXT SRDT SRXT',
    extract: 'EEDTR EEXTR ESDTR ESXTR',
    insert: 'IEDTR IEXTR',
    from_integer: 'CDGTR CXGTR CDFTR CXFTR CDLGTR CXLGTR CDLFTR CXLFTR',
    to_integer: 'CGDTR CGXTR CFDTR CFXTR CLGDTR CLGXTR CLFDTR CLFXTR',
    from_bcd: 'CDSTR CXSTR CDUTR CXUTR',
    to_bcd: 'CSDTR CSXTR CUDTR CUXTR',
    from_zoned: 'CDZT CXZT',
    to_zoned: 'CZDT CZXT',
    from_packed: 'CDPT CXPT',
    to_packed: 'CPDT CPXT',
}
RULE_OF = {mnemonic: rule for rule, names in RULES.items() for mnemonic in names.split()}


def differences(words):
    mnemonic, text, cc = words[0], bytes.fromhex(words[1]), int(words[2])
    cpu = Cpu(words[3:37], text, cc)
    before = State(words[3:37])
    code, dxc, after_cc = int(words[37]), int(words[38], 16), int(words[39])
    after = State(words[40:74])
    expected_code = expected_dxc = 0
    try:
        try:
            RULE_OF[mnemonic](cpu, mnemonic)
        except Suppressed:
            cpu.gpr, cpu.fpr, cpu.operand, cpu.cc = before.gpr, before.fpr, before.operand, cc
        cpu.fpc |= cpu.flags << 16
        if cpu.trap:
            expected_code, expected_dxc = 7, cpu.trap
            if getattr(cpu, 'alternate', False):
                expected_code = 0
            cpu.fpc = cpu.fpc & 0xffff00ff | cpu.trap << 8
            if not expected_code:
                expected_dxc = 0
    except Stop as stop:
        cpu = Cpu(words[3:37], text, cc)
        expected_code, expected_dxc = stop.code, stop.dxc
        if stop.code == 7:
            cpu.fpc &= 0xffff00ff
    found = []

    def compared(name, expected, actual):
        if expected != actual:
            found.append(f'{name} {actual:x}, expected {expected:x}')

    compared('code', expected_code, code)
    compared('dxc', expected_dxc, dxc)
    compared('cc', cpu.cc, after_cc)
    compared('fpc', cpu.fpc, after.fpc)
    for r in range(16):
        compared(f'r{r}', cpu.gpr[r], after.gpr[r])
        compared(f'f{r}', cpu.fpr[r], after.fpr[r])
    if cpu.operand != after.operand:
        found.append(f'operand {after.operand.hex()}, expected {cpu.operand.hex()}')
    return found


def main():
    counts = collections.Counter()
    failures = collections.Counter()
    for line in sys.stdin:
        words = line.split()
        counts[words[0]] += 1
        found = differences(words)
        if found:
            failures[words[0]] += 1
            if failures[words[0]] <= 3:
                print(words[0], words[1], '; '.join(found))
                print('   ', line.strip())
    for mnemonic in sorted(failures):
        print(f'{mnemonic}: {failures[mnemonic]} of {counts[mnemonic]} differ')
    print(f'{sum(counts.values())} cases of {len(counts)} rows, {sum(failures.values())} differ; '
          f'the least for a row is {min(counts.values(), default=0)}')
    sys.exit(1 if failures or not counts else 0)


if __name__ == '__main__':
    main()
