// DIAGNOSE 0x258, the page-reference service: a guest CPU names a token to be told of page faults
// of its host. The pages of a machine are never missing for long, so it is never told.
#ifndef UCONTROL_DIAGNOSE_PAGE_REFERENCE_H_
#define UCONTROL_DIAGNOSE_PAGE_REFERENCE_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "ucontrol/machine_part.h"

namespace ucontrol {

// Which CPUs have a token. Any thread.
class PageReferences : public MachinePart {
 public:
  // False if that is the CPU's state already.
  bool Establish(uint16_t cpu_address) { return !Of(cpu_address).exchange(true); }
  bool Cancel(uint16_t cpu_address) { return Of(cpu_address).exchange(false); }
  bool established(uint16_t cpu_address) { return Of(cpu_address); }

  void Reset() override {
    for (auto& established : established_) established = false;
  }

 private:
  std::atomic<bool>& Of(uint16_t cpu_address) {
    return established_[cpu_address % established_.size()];
  }

  std::array<std::atomic<bool>, 256> established_{};
};

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_PAGE_REFERENCE_H_
