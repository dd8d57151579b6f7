// The registers of one vCPU where KVM keeps them: kvm_run and the SIE block.
//
// Only the vCPU's own thread may use one, between two runs. A setter also marks what KVM must take
// over at the next KVM_RUN.
#ifndef UCONTROL_CPU_H_
#define UCONTROL_CPU_H_

#include <cstdint>

#include "hypervisor/arch/psw.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace ucontrol {

class Cpu {
 public:
  Cpu(hypervisor::uapi::Run& run, hypervisor::uapi::SieBlock& block) : run_(run), block_(block) {}

  uint64_t gpr(int r) const { return run_.s.regs.gprs[r]; }
  void set_gpr(int r, uint64_t value) { run_.s.regs.gprs[r] = value; }
  // Bits 32-63; bits 0-31 remain.
  void set_gpr_low(int r, uint32_t value) { set_gpr(r, (gpr(r) & ~uint64_t{0xffffffff}) | value); }

  uint32_t ar(int r) const { return run_.s.regs.acrs[r]; }
  void set_ar(int r, uint32_t value) { run_.s.regs.acrs[r] = value; }

  uint64_t cr(int r) const { return run_.s.regs.crs[r]; }
  void set_cr(int r, uint64_t value) {
    run_.s.regs.crs[r] = value;
    run_.kvm_dirty_regs |= hypervisor::uapi::kSyncCrs;
  }

  hypervisor::Psw psw() const { return {run_.psw_mask, run_.psw_addr}; }
  void set_psw(const hypervisor::Psw& psw) {
    run_.psw_mask = psw.mask;
    run_.psw_addr = psw.address;
  }
  void set_condition_code(uint8_t cc) {
    hypervisor::Psw changed = psw();
    changed.set_condition_code(cc);
    set_psw(changed);
  }

  uint32_t prefix() const { return static_cast<uint32_t>(run_.s.regs.prefix); }
  void set_prefix(uint32_t prefix) {
    run_.s.regs.prefix = prefix & 0x7fffe000;
    run_.kvm_dirty_regs |= hypervisor::uapi::kSyncPrefix;
  }

  uint32_t tod_programmable() const { return static_cast<uint32_t>(run_.s.regs.todpr); }
  void set_tod_programmable(uint32_t value) { SetArch0(run_.s.regs.todpr, value); }
  // Negative (bit 0 one) means that the CPU-timer interruption condition is met.
  uint64_t cpu_timer() const { return run_.s.regs.cputm; }
  void set_cpu_timer(uint64_t value) { SetArch0(run_.s.regs.cputm, value); }
  uint64_t clock_comparator() const { return run_.s.regs.ckc; }
  void set_clock_comparator(uint64_t value) { SetArch0(run_.s.regs.ckc, value); }
  uint64_t program_parameter() const { return run_.s.regs.pp; }
  void set_program_parameter(uint64_t value) { SetArch0(run_.s.regs.pp, value); }
  uint64_t breaking_event_address() const { return run_.s.regs.gbea; }
  void set_breaking_event_address(uint64_t value) { SetArch0(run_.s.regs.gbea, value); }

  // Guest TOD minus host TOD. The machine's clock changes it on all CPUs; see machine_clock.h.
  uint64_t epoch() const { return block_.epoch; }

  uint32_t fpc() const { return run_.s.regs.fpc; }
  void set_fpc(uint32_t value) { run_.s.regs.fpc = value; }
  bool has_vectors() const { return (run_.kvm_valid_regs & hypervisor::uapi::kSyncVrs) != 0; }
  uint64_t fpr(int r) const { return has_vectors() ? run_.s.regs.vrs[r][0] : run_.s.regs.fprs[r]; }
  void set_fpr(int r, uint64_t value) {
    (has_vectors() ? run_.s.regs.vrs[r][0] : run_.s.regs.fprs[r]) = value;
  }

  hypervisor::uapi::Run& run() const { return run_; }
  hypervisor::uapi::SieBlock& block() const { return block_; }

 private:
  void SetArch0(uint64_t& where, uint64_t value) {
    where = value;
    run_.kvm_dirty_regs |= hypervisor::uapi::kSyncArch0;
  }

  hypervisor::uapi::Run& run_;
  hypervisor::uapi::SieBlock& block_;
};

}  // namespace ucontrol

#endif  // UCONTROL_CPU_H_
