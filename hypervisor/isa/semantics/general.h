// PoP: General Instructions, and Control Instructions that have semantics, by topic.
#ifndef HYPERVISOR_ISA_SEMANTICS_GENERAL_H_
#define HYPERVISOR_ISA_SEMANTICS_GENERAL_H_

#include "hypervisor/isa/semantics/arithmetic.h"
#include "hypervisor/isa/semantics/branch.h"
#include "hypervisor/isa/semantics/compare.h"
#include "hypervisor/isa/semantics/interlocked.h"
#include "hypervisor/isa/semantics/load_store.h"
#include "hypervisor/isa/semantics/logical.h"
#include "hypervisor/isa/semantics/multiple.h"
#include "hypervisor/isa/semantics/multiply_divide.h"
#include "hypervisor/isa/semantics/operands.h"
#include "hypervisor/isa/semantics/rotate_insert.h"
#include "hypervisor/isa/semantics/shift.h"
#include "hypervisor/isa/semantics/storage_to_storage.h"
#include "hypervisor/isa/semantics/system_mask.h"

#endif  // HYPERVISOR_ISA_SEMANTICS_GENERAL_H_
