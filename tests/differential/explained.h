// Rows that are not compared with qemu-s390x, and differences that are known, each with its reason.
#ifndef TESTS_DIFFERENTIAL_EXPLAINED_H_
#define TESTS_DIFFERENTIAL_EXPLAINED_H_

#include <string>
#include <string_view>

namespace hypervisor {

struct Explanation {
  std::string_view mnemonics;  // each between blanks
  std::string_view reason;
};

inline constexpr Explanation kNotCompared[] = {
    {" EX EXRL ", "what they do is what their target does; tests/hypervisor/sie has them"},
    {" SVC ", "a system call of the runner"},
    {" BASSM BSM SAM24 SAM31 TAM ", "user mode of QEMU knows the 64-bit mode only"},
    {" MC EPSW ", "the PSW and control register 8 of QEMU's user mode are not ours"},
    {" STCK STCKF STCKE ECTG PTFF ", "time goes on"},
    {" STFLE ECAG ", "tell the model"},
    {" BSA RP TAR CPYA TS LMD TRTE TRTRE CUSE MVPG ", "QEMU 7.2 lacks them in user mode"},
    {" TBDR TBEDR THDER THDR PLO AP SP ZAP CP MP DP SRP ED EDMK CVB CVBY CVBG CVDG ",
     "QEMU 7.2 lacks them"},
    {" UNPK PKA PKU ", "QEMU 7.2 loses the leftmost digit"},
    {" KM KMC KMAC KMF KMO KMCTR KIMD KLMD PCC PCKMO PRNO ",
     "QEMU 7.2 knows few of their functions; tests/hypervisor/sie has published vectors"},
    {" CMPSC CFC UPT TRAP2 TRAP4 ", "QEMU lacks them; tests/hypervisor/sie has them"},
    {" LTDTR LTXTR LDETR LXDTR LEDTR LDXTR FIDTR FIXTR CDTR CXTR KDTR KXTR CEDTR CEXTR "
     "TDCET TDCDT TDCXT TDGET TDGDT TDGXT ADTR AXTR SDTR SXTR MDTR MXTR DDTR DXTR QADTR "
     "QAXTR RRDTR RRXTR SLDT SLXT SRDT SRXT EEDTR EEXTR IEDTR IEXTR ESDTR ESXTR CDGTR "
     "CGDTR CXGTR CGXTR CDFTR CFDTR CXFTR CFXTR CDLGTR CLGDTR CXLGTR CLGXTR CDLFTR CLFDTR "
     "CXLFTR CLFXTR CDSTR CXSTR CDUTR CXUTR CSDTR CSXTR CUDTR CUXTR CDZT CXZT CZDT CZXT "
     "PFPO ",
     "QEMU has no decimal floating point; tests/hypervisor/sie/assist/dfp has every row"},
    {" STMH ", "QEMU 7.2 stores zeros"},
    {" VLRL VLRLR VSTRL VSTRLR VPKZ VUPKZ VLIP VCVB VCVBG VCVD VCVDG VPSOP VTP VAP VSP VMP VMSP "
     "VDP "
     "VRP VSDP VSRP VCP ",
     "QEMU has no vector packed decimal; tests/hypervisor/sie/vector_decimal_test has every row"},
    {" SFASR ", "QEMU 7.2 fails an assertion of its own"},
    {" VCKSM ", "QEMU 7.2 adds the first word twice; tests/hypervisor/sie/vector_test has it"},
    {" DIEBR DIDBR THDER THDR TBEDR TBDR ", "QEMU 7.2 lacks them"},
    {" MDEBR MDEB MXDBR MXDB ", "QEMU 7.2 takes a first operand of the product's length"},
};

// What QEMU leaves out in user mode; ours is what PoP says in each case.
enum class Leniency {
  // No specification exception for an operand that is not on its boundary.
  kBoundary,
  // Registers or storage change before an access exception nullifies the instruction.
  kPartlyDone,
  // No access exception for bytes that the result does not depend on: PoP lets it be recognized.
  kNotTouched,
  // An access exception though the condition is not met: PoP lets it be recognized.
  kTouched,
  // Overflow, underflow and inexact results that trap are not stored, the data-exception code never
  // says "incremented", and an exact underflow doesn't trap.
  kTraps,
  // An integer that has no place in the result: invalid and inexact without a trap, only invalid
  // with one. QEMU has it the other way round.
  kInvalidInteger,
  // A signaling NaN passes silently.
  kSilentNan,
  // Another order of several NaNs (corrected in QEMU 9.2).
  kNanOrder,
  // Operands that overlap: PoP leaves the result open (UNPACK ASCII, UNPACK UNICODE). Ours reads
  // the
  // whole second operand first.
  kOverlap,
  // An inexact result is flagged although the instruction suppresses that (M4, XxC).
  kInexactControl,
  // The right half of a vector register, which PoP leaves open when an extended number is rounded.
  kOpenHalf,
  // Elements of V1 that PoP leaves open, as only the leftmost one is calculated (M4, S).
  kOpenElements,
  // The CPU decides after how many bytes it sets CC 3, and only then R2 changes.
  kRounds,
};

struct KnownDifference {
  std::string_view mnemonics;
  Leniency leniency;
};

inline constexpr KnownDifference kKnownDifferences[] = {
    {" CRL CGRL CGFRL CHRL CGHRL CLRL CLGRL CLGFRL CLHRL CLGHRL LRL LGRL LGFRL LHRL LGHRL LLHRL "
     "LLGHRL LLGFRL STRL STGRL STHRL CDSG LPD LPDG LAM LAMY STAM STAMY LPQ STPQ "
     "LDXBR LEXBR ",
     Leniency::kBoundary},
    {" LAM LAMY STM STMY STMG STAM STAMY TR MVCL MVCLE ", Leniency::kPartlyDone},
    {" CLM CLMY CLMH CLC TRT TRTR ", Leniency::kNotTouched},
    {" LOC LOCG LOCFH ", Leniency::kTouched},
    {" MVST ", Leniency::kRounds},
    {" UNPKA UNPKU ", Leniency::kOverlap},
    {" AEBR AEB ADBR ADB AXBR SEBR SEB SDBR SDB SXBR MEEBR MEEB MDBR MDB MXBR MXDBR MXDB DEBR DEB "
     "DDBR DDB DXBR SQEBR SQEB SQDBR SQDB SQXBR MAEBR MAEB MADBR MADB MSEBR MSEB MSDBR MSDB LEDBR "
     "LDXBR LEXBR FIEBR FIDBR FIXBR CEFBR CDFBR CEGBR CDGBR CXGBR CELFBR CELGBR CDLGBR CFEBR CFDBR "
     "CFXBR CGEBR CGDBR CGXBR CLFEBR CLFDBR CLFXBR CLGEBR CLGDBR CLGXBR ",
     Leniency::kTraps},
    {" CFEBR CFDBR CFXBR CGEBR CGDBR CGXBR CLFEBR CLFDBR CLFXBR CLGEBR CLGDBR CLGXBR "
     "VCSFP VCLFP ",
     Leniency::kInvalidInteger},
    {" VCFPS VCFPL VCSFP VCLFP VFI VFLR ", Leniency::kInexactControl},
    {" VFLR ", Leniency::kOpenHalf},
    {" VFPSO ", Leniency::kOpenElements},
    {" LTEBR LTDBR LTXBR ", Leniency::kSilentNan},
    {" MAEBR MAEB MADBR MADB MSEBR MSEB MSDBR MSDB ", Leniency::kNanOrder},
};

inline std::string_view ReasonIn(const auto& explanations, std::string_view mnemonic) {
  const std::string wanted = " " + std::string(mnemonic) + " ";
  for (const Explanation& explanation : explanations) {
    if (explanation.mnemonics.find(wanted) != std::string_view::npos) return explanation.reason;
  }
  return {};
}

inline bool IsLenient(std::string_view mnemonic, Leniency leniency) {
  const std::string wanted = " " + std::string(mnemonic) + " ";
  for (const KnownDifference& difference : kKnownDifferences) {
    if (difference.leniency == leniency &&
        difference.mnemonics.find(wanted) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace hypervisor

#endif  // TESTS_DIFFERENTIAL_EXPLAINED_H_
