"""What instructions do that load, compare and calculate."""

import decimal as D

from cpu_model import (DEFAULT_NAN, FORMATS, OVERFLOW, WIDE, ZERODIV, Number, class_cc, deliver,
                       infinity, nan_result, of_decimal)


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
