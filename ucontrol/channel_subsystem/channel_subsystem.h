// The channel subsystem of one machine: its subchannels and what the I/O instructions do to them
// (PoP: Basic I/O Functions; I/O Instructions).
//
// A method is one instruction once its operands are known: it answers with the condition code or
// the program interruption, and leaves access exceptions and the PSW to its caller.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_SUBSYSTEM_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_SUBSYSTEM_H_

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/channel_subsystem/channel_program.h"
#include "ucontrol/channel_subsystem/control_unit.h"
#include "ucontrol/channel_subsystem/io_outcome.h"
#include "ucontrol/channel_subsystem/subchannel_status.h"
#include "ucontrol/interruption_sink.h"
#include "ucontrol/machine_part.h"

namespace ucontrol {

// Any thread. The lock is held while the sink and ControlUnit::SetEnabled are called, and is not
// held while a control unit executes a command, is notified or is reset.
class ChannelSubsystem : public MachinePart {
 public:
  ChannelSubsystem(AbsoluteStorage& storage, InterruptionSink& sink)
      : storage_(storage), sink_(sink) {}
  ~ChannelSubsystem() override;

  // Gives `unit` the next subchannel of subchannel set 0; its number, or nothing if all are taken
  // or another subchannel has this device number.
  std::optional<uint16_t> Attach(std::unique_ptr<ControlUnit> unit, uint16_t device_number);

  // Tells a guest that runs already of an attached device, by a channel-report word.
  void Announce(uint16_t subchannel_number);

  // `id` is general register 1.
  IoOutcome StoreSubchannel(uint64_t id, Schib::Bytes& schib) const;
  IoOutcome ModifySubchannel(uint64_t id, const Schib::Bytes& schib);
  IoOutcome StartSubchannel(uint64_t id, const Orb::Bytes& orb);
  IoOutcome TestSubchannel(uint64_t id, Irb::Bytes& irb);
  IoOutcome ClearSubchannel(uint64_t id);
  IoOutcome HaltSubchannel(uint64_t id);
  IoOutcome ResumeSubchannel(uint64_t id);
  IoOutcome CancelSubchannel(uint64_t id);
  IoOutcome StoreChannelReportWord(uint32_t& word);
  // `chpid` is general register 1.
  IoOutcome ResetChannelPath(uint64_t chpid);

  // CHANNEL SUBSYSTEM CALL; `block` is the page of the command, and the response is put there.
  IoOutcome Call(std::span<uint8_t, 4096> block);

  // DIAGNOSE 0x500 subcode 3: general register 2 as it gets set.
  int64_t Notify(uint64_t id, uint64_t queue, uint64_t cookie);

  // Called when channel-report words become pending: the machine makes a channel-report-pending
  // machine check of it. Before the first CPU starts; the subsystem is locked during the call.
  void SetReportListener(std::function<void()> listener) { report_listener_ = std::move(listener); }

  // The device has something to say: alert status, unless status is pending already.
  void Alert(uint16_t subchannel_number);

  // MachinePart
  void Reset() override;
  void Shutdown() override;

 private:
  struct Subchannel {
    Schib schib;
    std::unique_ptr<ControlUnit> unit;
    Orb orb;
    SenseBytes sense{};
    bool running = false;  // a channel program, on some CPU's thread, without the lock
  };
  struct Found {
    IoOutcome outcome;  // if there is no subchannel
    Subchannel* subchannel = nullptr;
    uint16_t number = 0;
  };

  Found Find(uint64_t id) const;
  Found FindEnabled(uint64_t id) const;
  void Run(std::unique_lock<std::mutex>& lock, Subchannel& subchannel, uint16_t number,
           uint32_t program_address);
  void Finish(Subchannel& subchannel, uint16_t number, const ChannelProgram::End& end);
  void MakePending(Subchannel& subchannel, uint16_t number, uint16_t status);
  void WaitUntilIdle(std::unique_lock<std::mutex>& lock, const Subchannel& subchannel);
  void Report(uint32_t channel_report_word);
  static Pmcw PowerOnPmcw(uint16_t device_number);

  AbsoluteStorage& storage_;
  InterruptionSink& sink_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<std::unique_ptr<Subchannel>> subchannels_;
  std::deque<uint32_t> channel_reports_;
  bool report_announced_ = false;
  std::function<void()> report_listener_;
  bool multiple_subchannel_sets_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_SUBSYSTEM_H_
