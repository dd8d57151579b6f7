"""The decimal-floating-point formats: densely packed decimal by its boolean equations."""

import collections
import decimal


def _decode(declet):
    p, q, r, s, t, u, v, w, x, y = (declet >> i & 1 for i in range(9, -1, -1))

    def no(bit):
        return 1 - bit

    a = (v & w) & (no(s) | t | no(x))
    b = p & (no(v) | no(w) | (s & no(t) & x))
    c = q & (no(v) | no(w) | (s & no(t) & x))
    e = v & ((no(w) & x) | (no(t) & x) | (s & x))
    f = (s & (no(v) | no(x))) | (p & no(s) & t & v & w & x)
    g = (t & (no(v) | no(x))) | (q & no(s) & t & w)
    i = v & ((no(w) & no(x)) | (w & x & (s | t)))
    j = (no(v) & w) | (s & v & no(w) & x) | (p & w & (no(x) | (no(s) & no(t))))
    k = (no(v) & x) | (t & no(w) & x) | (q & v & w & (no(x) | (no(s) & no(t))))
    digits = ((a, b, c, r), (e, f, g, u), (i, j, k, y))
    return int(''.join(str(8 * d[0] + 4 * d[1] + 2 * d[2] + d[3]) for d in digits))


def _encode(number):
    hundreds, tens, units = number // 100, number // 10 % 10, number % 10
    a, b, c, d = (hundreds >> i & 1 for i in (3, 2, 1, 0))
    e, f, g, h = (tens >> i & 1 for i in (3, 2, 1, 0))
    i, j, k, m = (units >> n & 1 for n in (3, 2, 1, 0))

    def no(bit):
        return 1 - bit

    p = b | (a & j) | (a & f & i)
    q = c | (a & k) | (a & g & i)
    s = (f & (no(a) | no(i))) | (no(a) & e & j) | (e & i)
    t = g | (no(a) & e & k) | (a & i)
    v = a | e | i
    w = a | (e & i) | (no(e) & j)
    x = e | (a & i) | (no(a) & k)
    bits = (p, q, d, s, t, h, v, w, x, m)
    return int(''.join(map(str, bits)), 2)


DIGITS = [_decode(declet) for declet in range(1024)]
DECLETS = [_encode(number) for number in range(1000)]
assert all(DIGITS[DECLETS[n]] == n for n in range(1000))

Format = collections.namedtuple(
    'Format', 'width precision emax emin lowest highest bias declets exponent_bits scale')


def _format(width, precision, emax, scale):
    declets = precision // 3
    return Format(width, precision, emax, 1 - emax, 2 - emax - precision, emax - precision + 1,
                  emax + precision - 2, declets, width - 6 - 10 * declets, scale)


FORMATS = {'short': _format(32, 7, 96, 192), 'long': _format(64, 16, 384, 576),
           'extended': _format(128, 34, 6144, 9216)}


class Number(collections.namedtuple('Number', 'kind sign exponent coefficient')):
    def is_nan(self):
        return self.kind in ('qnan', 'snan')

    def is_zero(self):
        return self.kind == 'finite' and self.coefficient == 0

    def decimal(self):
        if self.kind == 'inf':
            return decimal.Decimal('-Infinity' if self.sign else 'Infinity')
        if self.is_nan():
            return decimal.Decimal('NaN')
        return decimal.Decimal((self.sign, tuple(map(int, str(self.coefficient))), self.exponent))


def unpack(form, bits):
    f = FORMATS[form]
    text = f'{bits:0{f.width}b}'
    sign, combination = int(text[0]), text[1:6]
    continuation = text[6:6 + f.exponent_bits]
    trailing = text[6 + f.exponent_bits:]
    coefficient = 0
    for i in range(0, len(trailing), 10):
        coefficient = coefficient * 1000 + DIGITS[int(trailing[i:i + 10], 2)]
    if combination.startswith('1111'):
        if combination == '11110':
            kind = 'inf'
        else:
            kind = 'snan' if continuation[0] == '1' else 'qnan'
        return Number(kind, sign, 0, coefficient)
    if combination.startswith('11'):
        left, digit = combination[2:4], 8 + int(combination[4])
    else:
        left, digit = combination[:2], int(combination[2:], 2)
    exponent = int(left + continuation, 2) - f.bias
    return Number('finite', sign, exponent, digit * 1000 ** f.declets + coefficient)


def pack(form, n):
    f = FORMATS[form]
    coefficient = n.coefficient
    trailing = ''
    for _ in range(f.declets):
        trailing = f'{DECLETS[coefficient % 1000]:010b}' + trailing
        coefficient //= 1000
    if n.kind == 'finite':
        assert coefficient <= 9 and f.lowest <= n.exponent <= f.highest, n
        biased = f'{n.exponent + f.bias:0{f.exponent_bits + 2}b}'
        if coefficient >= 8:
            combination = '11' + biased[:2] + str(coefficient - 8)
        else:
            combination = biased[:2] + f'{coefficient:03b}'
        continuation = biased[2:]
    else:
        combination = '11110' if n.kind == 'inf' else '11111'
        continuation = ('1' if n.kind == 'snan' else '0').ljust(f.exponent_bits, '0')
    return int(str(n.sign) + combination + continuation + trailing, 2)
