"""What decimal-floating-point instructions should do, calculated with Python's decimal module.

Reads the lines of `vectors`: mnemonic, instruction, condition code; general and floating-point
registers, FPC and storage operand before; program-interruption code, data-exception code, condition
code; and the same registers and operand after. Says how many cases of each row agree.
"""

import collections
import sys

import conversion_rules
import number_rules
import radix_rules
from cpu_model import Cpu, State, Stop, Suppressed

RULES = {
    number_rules.arithmetic: 'ADTR AXTR SDTR SXTR MDTR MXTR DDTR DXTR',
    number_rules.load_and_test: 'LTDTR LTXTR',
    number_rules.lengthen: 'LDETR LXDTR',
    number_rules.load_rounded: 'LEDTR LDXTR',
    number_rules.load_integer: 'FIDTR FIXTR',
    number_rules.compare: 'CDTR CXTR KDTR KXTR',
    number_rules.compare_exponent: 'CEDTR CEXTR',
    number_rules.test_class: 'TDCET TDCDT TDCXT',
    number_rules.test_group: 'TDGET TDGDT TDGXT',
    number_rules.quantize: 'QADTR QAXTR',
    number_rules.reround: 'RRDTR RRXTR',
    number_rules.shift: 'SLDT SLXT SRDT SRXT',
    number_rules.extract: 'EEDTR EEXTR ESDTR ESXTR',
    number_rules.insert: 'IEDTR IEXTR',
    conversion_rules.from_integer: 'CDGTR CXGTR CDFTR CXFTR CDLGTR CXLGTR CDLFTR CXLFTR',
    conversion_rules.to_integer: 'CGDTR CGXTR CFDTR CFXTR CLGDTR CLGXTR CLFDTR CLFXTR',
    conversion_rules.from_bcd: 'CDSTR CXSTR CDUTR CXUTR',
    conversion_rules.to_bcd: 'CSDTR CSXTR CUDTR CUXTR',
    conversion_rules.from_zoned: 'CDZT CXZT',
    conversion_rules.to_zoned: 'CZDT CZXT',
    radix_rules.perform: 'PFPO',
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
            if cpu.alternate:
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
