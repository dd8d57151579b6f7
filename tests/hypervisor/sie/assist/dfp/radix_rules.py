"""PERFORM FLOATING-POINT OPERATION: numbers as fractions, rounded with integers."""

import collections
import decimal as D
from fractions import Fraction

from cpu_model import (FORMATS, MODES, OVERFLOW, UNDERFLOW, Number, Stop, Suppressed, deliver)

SIZES = ('short', 'long', 'extended')
# Radix and size by the code of a format.
CODES = {code: (radix, SIZES[code - first])
         for radix, first in (('hexadecimal', 0), ('binary', 5), ('decimal', 8))
         for code in range(first, first + 3)}

Binary = collections.namedtuple('Binary', 'width precision emax scale')
BINARY = {'short': Binary(32, 24, 127, 192), 'long': Binary(64, 53, 1023, 1536),
          'extended': Binary(128, 113, 16383, 24576)}
HEX_DIGITS = {'short': 6, 'long': 14, 'extended': 28}

Source = collections.namedtuple('Source', 'kind sign value payload')


def from_binary(form, bits):
    f = BINARY[form]
    sign = bits >> (f.width - 1)
    fraction_bits = f.precision - 1
    biased = bits >> fraction_bits & (1 << f.width - f.precision) - 1
    fraction = bits & (1 << fraction_bits) - 1
    if biased == 2 * f.emax + 1:
        if fraction == 0:
            return Source('inf', sign, None, 0)
        text = f'{fraction:0{fraction_bits}b}'
        return Source('qnan' if text[0] == '1' else 'snan', sign, None, int('0' + text[:0:-1], 2))
    if biased == 0:
        biased = 1
    else:
        fraction += 1 << fraction_bits
    return Source('finite', sign, Fraction(fraction) * Fraction(2) ** (biased - f.emax - fraction_bits), 0)


def from_hexadecimal(form, bits):
    width = {'short': 8, 'long': 16, 'extended': 32}[form]
    text = f'{bits:0{width}x}'
    left = int(text[:2], 16)
    digits = text[2:16] + text[18:]
    value = Fraction(int(digits, 16), 16 ** len(digits)) * Fraction(16) ** ((left & 0x7f) - 64)
    return Source('finite', left >> 7, value, 0)


def from_decimal(cpu, form):
    n = cpu.read(form, 4)
    value = Fraction(n.coefficient) * Fraction(10) ** n.exponent if n.kind == 'finite' else None
    return Source(n.kind, n.sign, value, n.coefficient if n.is_nan() else 0)


def rounded(value, sign, mode):
    """A positive fraction as an integer: with whether it is inexact, and incremented."""
    low = value.numerator // value.denominator
    rest = value - low
    if rest == 0:
        return low, False, False
    half = Fraction(1, 2)
    up = {D.ROUND_HALF_EVEN: rest > half or rest == half and low % 2 == 1,
          D.ROUND_DOWN: False,
          D.ROUND_CEILING: not sign,
          D.ROUND_FLOOR: bool(sign),
          D.ROUND_HALF_UP: rest >= half,
          D.ROUND_HALF_DOWN: rest > half,
          D.ROUND_UP: True,
          D.ROUND_05UP: low % 2 == 0}[mode]
    return low + up, True, up


def exponent_of(value, base):
    """The e for which base^e <= value < base^(e + 1)."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    e = bits if base == 2 else bits // 4
    while Fraction(base) ** e > value:
        e -= 1
    while Fraction(base) ** (e + 1) <= value:
        e += 1
    return e


def to_binary(cpu, form, source, mode):
    f = BINARY[form]
    fraction_bits = f.precision - 1
    special = 2 * f.emax + 1

    def pack(biased, fraction):
        return source.sign << (f.width - 1) | biased << fraction_bits | fraction

    if source.kind == 'inf':
        return pack(special, 0)
    if source.kind in ('qnan', 'snan'):
        if source.kind == 'snan':
            cpu.invalid()
        room = fraction_bits - 1
        text = f'{source.payload % (1 << room):0{room}b}'
        return pack(special, 1 << room | int(text[::-1], 2))
    if source.value == 0:
        return pack(0, 0)
    e = exponent_of(source.value, 2)
    emin = 1 - f.emax
    tiny = e < emin
    if tiny and not cpu.masks & UNDERFLOW:
        n, inexact, incremented = rounded(source.value / Fraction(2) ** (emin - fraction_bits),
                                          source.sign, mode)
        if inexact:
            cpu.flags |= UNDERFLOW
            cpu.inexact(incremented)
        return pack(n >> fraction_bits, n & (1 << fraction_bits) - 1)
    n, inexact, incremented = rounded(source.value / Fraction(2) ** (e - fraction_bits), source.sign,
                                      mode)
    if n >> f.precision:
        n, e = n >> 1, e + 1
    if tiny or e > f.emax and cpu.masks & OVERFLOW:
        cpu.trap_with_result(UNDERFLOW if tiny else OVERFLOW, inexact, incremented)
        step = f.scale if tiny else -f.scale
        e += step
        while not emin <= e <= f.emax:
            e += step
    elif e > f.emax:
        infinite = mode not in (D.ROUND_DOWN, D.ROUND_05UP,
                                D.ROUND_CEILING if source.sign else D.ROUND_FLOOR)
        cpu.flags |= OVERFLOW
        cpu.inexact(infinite)
        return pack(special, 0) if infinite else pack(special, 0) - 1
    elif inexact:
        cpu.inexact(incremented)
    return pack(e + f.emax, n & (1 << fraction_bits) - 1)


def to_hexadecimal(cpu, form, source, mode, overflow_is_one, underflow_is_one):
    digits = HEX_DIGITS[form]
    largest = 16 ** digits - 1

    def pack(characteristic, fraction, sign=source.sign):
        text = f'{fraction:0{digits}x}'
        left = f'{sign << 7 | characteristic:02x}'
        if form != 'extended':
            return int(left + text, 16)
        low = (characteristic - 14) % 128 if fraction else 0
        return int(left + text[:14] + f'{sign << 7 | low:02x}' + text[14:], 16)

    if source.kind != 'finite':
        cpu.invalid()
        return pack(127, largest, source.sign if source.kind == 'inf' else 0)
    if source.value == 0:
        return pack(0, 0)
    place = exponent_of(source.value, 16) + 1
    tiny = place + 64 < 0
    n, inexact, incremented = rounded(source.value / Fraction(16) ** (place - digits), source.sign, mode)
    if n == 16 ** digits:
        n, place = n // 16, place + 1
    characteristic = place + 64
    if tiny or characteristic > 127:
        what = UNDERFLOW if tiny else OVERFLOW
        is_one = underflow_is_one if tiny else overflow_is_one
        if is_one and cpu.masks & what:
            cpu.trap_with_result(what, inexact, incremented)
            return pack(characteristic % 128, n)
        if not is_one and not tiny:
            cpu.invalid()
        else:
            if is_one:
                cpu.flags |= what
            cpu.inexact(False)
        return pack(0, 0) if tiny else pack(127, largest)
    if inexact:
        cpu.inexact(incremented)
    return pack(characteristic, n)


def to_decimal(cpu, form, source, mode, quantum_reported, quantum_is_one):
    if source.kind != 'finite':
        if source.kind == 'snan':
            cpu.invalid()
        kind = 'inf' if source.kind == 'inf' else 'qnan'
        room = 10 ** (FORMATS[form].precision - 1)
        return Number(kind, source.sign, 0, source.payload % room)
    if source.value == 0:
        return Number('finite', source.sign, 0, 0)
    numerator = D.Decimal(-source.value.numerator if source.sign else source.value.numerator)
    denominator = D.Decimal(source.value.denominator)
    cpu.reports_quantum = bool(quantum_reported and quantum_is_one)
    preferred = 0 if quantum_is_one else FORMATS[form].highest
    return deliver(cpu, form, mode, lambda c: c.divide(numerator, denominator), preferred)[1]


def perform(cpu, _):
    word = cpu.gpr[0] & 0xffffffff
    method, options = word & 15, word >> 4 & 15
    suppress, alternate, first, second = (options >> i & 1 for i in (3, 2, 1, 0))
    target, source = CODES.get(word >> 16 & 0xff), CODES.get(word >> 8 & 0xff)
    valid = (word >> 24 & 0x7f == 1 and target and source and target[0] != source[0]
             and not 2 <= method <= 7
             and not (target[0] == 'binary' and (first or second)))
    if not word >> 31 and not valid:
        raise Stop(6)
    cpu.gpr[1] = cpu.gpr[1] >> 32 << 32
    if word >> 31:
        cpu.cc = 0 if valid else 3
        return
    mode = MODES[method - 8 if method >= 8 else cpu.fpc & 7 if method else cpu.fpc >> 4 & 7]
    cpu.suppress_inexact = bool(suppress)
    radix, form = source
    if radix == 'decimal':
        number = from_decimal(cpu, form)
    else:
        read = from_binary if radix == 'binary' else from_hexadecimal
        number = read(form, cpu.read_bits(form, 4))
    radix, form = target
    cpu.alternate = bool(alternate)
    try:
        if radix == 'decimal':
            cpu.write(form, 0, to_decimal(cpu, form, number, mode, first, second))
        elif radix == 'binary':
            cpu.write_bits(form, 0, to_binary(cpu, form, number, mode))
        else:
            cpu.write_bits(form, 0, to_hexadecimal(cpu, form, number, mode, first, second))
    except Suppressed:
        pass
    if cpu.trap:
        if alternate:
            cpu.cc = 2
    else:
        cpu.cc = 1 if cpu.flags else 0
