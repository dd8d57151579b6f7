// A control unit with 64 KiB of its own: a command writes them (0x01), another reads them (0x02).
#ifndef TESTS_UCONTROL_CHANNEL_SUBSYSTEM_MEMORY_UNIT_H_
#define TESTS_UCONTROL_CHANNEL_SUBSYSTEM_MEMORY_UNIT_H_

#include <algorithm>
#include <vector>

#include "ucontrol/channel_subsystem/control_unit.h"

namespace ucontrol {

class MemoryUnit : public ControlUnit {
 public:
  static constexpr uint8_t kWrite = 0x01;
  static constexpr uint8_t kRead = 0x02;

  SenseId sense_id() const override { return {0x3832, 0x02, 0, 0}; }

  Ending Execute(uint8_t command, Transfer& transfer) override {
    ++commands;
    const auto length = std::min<uint32_t>(transfer.count(), content.size());
    if (command != kWrite && command != kRead) return Ending::kCommandReject;
    const bool moved = command == kWrite ? transfer.Fetch(0, content.data(), length)
                                         : transfer.Store(0, content.data(), length);
    if (!moved) return Ending::kProgramCheck;
    transfer.set_used(length);
    return Ending::kDone;
  }
  void SetEnabled(bool is_enabled) override { enabled = is_enabled; }
  void Reset() override { ++resets; }
  bool Notify(uint32_t queue) override {
    notified.push_back(queue);
    return queue == 0;
  }
  void Shutdown() override {}

  std::vector<uint8_t> content = std::vector<uint8_t>(65536);
  int commands = 0;
  bool enabled = false;
  int resets = 0;
  std::vector<uint32_t> notified;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_CHANNEL_SUBSYSTEM_MEMORY_UNIT_H_
