// DIAGNOSE 0x308: a guest resets and loads itself again, and says what is to be loaded.
#ifndef UCONTROL_DIAGNOSE_PROGRAM_LOADING_H_
#define UCONTROL_DIAGNOSE_PROGRAM_LOADING_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "ucontrol/machine_part.h"

namespace ucontrol {

// The IPL parameter block that the guest has set. It says what to load for those who look; our
// loader loads what the machine was made with. Any thread. A reset leaves it as it is: its purpose
// is to be there after one.
class IplParameters : public MachinePart {
 public:
  using Block = std::array<uint8_t, 4096>;

  // False if the block breaks its format.
  bool Set(const Block& block);
  std::optional<Block> block() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Block> block_;
};

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_PROGRAM_LOADING_H_
