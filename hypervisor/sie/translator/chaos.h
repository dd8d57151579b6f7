// Modes for tests, in which the translator goes its rare ways all the time.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CHAOS_H_
#define HYPERVISOR_SIE_TRANSLATOR_CHAOS_H_

#include <optional>

namespace hypervisor {

struct Chaos {
  bool flush = false;     // all blocks are forgotten whenever C++ looks one up
  bool unlinked = false;  // every exit of a block goes to C++
  bool slow = false;      // page tables stay empty: C++ makes every access to storage

  // Those that UCONTROL_CHAOS names, with commas between them. Nothing if it names another: stderr
  // says so.
  static std::optional<Chaos> FromEnvironment();
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CHAOS_H_
