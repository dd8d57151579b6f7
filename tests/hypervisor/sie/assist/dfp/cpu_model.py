"""A CPU as far as decimal floating point sees it, and results as its formats hold them."""

import decimal as D

from dpd import FORMATS, Number, unpack, pack

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
        self.alternate = False
        self.reports_quantum = True

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
        if not self.reports_quantum:
            return
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
