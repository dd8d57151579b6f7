// From binary to decimal and back. What is lost is far to the right of what any format keeps, and
// is remembered.
#ifndef HYPERVISOR_SIE_ASSIST_RADIX_CONVERSION_H_
#define HYPERVISOR_SIE_ASSIST_RADIX_CONVERSION_H_

#include "hypervisor/sie/assist/bfp/rounding.h"
#include "hypervisor/sie/assist/dfp/rounding.h"

namespace hypervisor::radix {

// Of a number other than zero that comes from a format of no more than 113 bits.
dfp::Exact ToDecimal(const bfp::Exact& binary);

// Of a finite number other than zero.
bfp::Exact ToBinary(const dfp::Number& decimal);

// The payload of a NaN counts from the left in binary formats, as a number in decimal ones.
bfp::U128 DecimalPayload(const bfp::Number& nan);
bfp::U128 BinaryPayload(bfp::U128 decimal);

}  // namespace hypervisor::radix

#endif  // HYPERVISOR_SIE_ASSIST_RADIX_CONVERSION_H_
