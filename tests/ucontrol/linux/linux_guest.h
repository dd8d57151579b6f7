// Linux in a machine on the software device, as a test talks to it: over its console.
#ifndef TESTS_UCONTROL_LINUX_LINUX_GUEST_H_
#define TESTS_UCONTROL_LINUX_LINUX_GUEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "hypervisor/core/software_device.h"
#include "ucontrol/console.h"
#include "ucontrol/machine.h"
#include "ucontrol/machine_listener.h"

namespace ucontrol {

// Files of tools/debian-guest and tools/small-kernel: $UCONTROL_GUEST, or where they are built.
std::string GuestFile(const std::string& name);
bool HasGuestFile(const std::string& name);

class LinuxGuest : public MachineListener {
 public:
  struct Options {
    std::string kernel = "small-kernel";
    std::optional<std::vector<uint8_t>> initramfs;  // instead of the file
    std::string command_line = "console=ttysclp0";
    uint64_t mebibytes = 256;
    uint16_t cpus = 1;
    std::string name = "guest";
    bool line_mode = false;  // the line-mode console instead of the ASCII one
    // Attaches devices to the machine before it is loaded.
    std::function<absl::Status(Machine&)> attach;
  };

  // OK once the machine runs.
  absl::Status Start(const Options& options);
  ~LinuxGuest() override;

  // Whether the console shows `text`, from behind what was awaited before.
  bool Await(std::string_view text, absl::Duration limit);
  void Type(std::string_view text);

  // The state that the machine ends in, unless it runs for longer than `limit`.
  std::optional<MachineState> AwaitEnd(absl::Duration limit);

  Machine& machine() { return *machine_; }
  // All that the console has shown, for messages.
  const std::string& transcript() const { return transcript_; }
  std::string crash() const;

  // MachineListener
  void OnState(MachineState state) override;
  void OnCrash(const CrashReport& report) override;

 private:
  std::unique_ptr<hypervisor::SoftwareDevice> device_;
  Console console_{{.scroll_back = 4 << 20, .input = 4096}};
  std::unique_ptr<Console::Reader> reader_;
  std::string transcript_;
  size_t awaited_ = 0;  // of the transcript

  mutable absl::Mutex mutex_;
  bool ran_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<MachineState> end_ ABSL_GUARDED_BY(mutex_);
  std::string crash_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<Machine> machine_;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_LINUX_LINUX_GUEST_H_
