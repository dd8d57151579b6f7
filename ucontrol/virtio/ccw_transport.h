// virtio over channel I/O: the control unit (type 0x3832) of one virtio device (virtio 1.2,
// "Virtio Over Channel I/O").
#ifndef UCONTROL_VIRTIO_CCW_TRANSPORT_H_
#define UCONTROL_VIRTIO_CCW_TRANSPORT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/channel_subsystem/control_unit.h"
#include "ucontrol/interruption_sink.h"
#include "ucontrol/virtio/device.h"
#include "ucontrol/virtio/indicators.h"

namespace ucontrol::virtio {

// The lock guards what the device's threads and the CPUs' share: status and indicators. Everything
// else changes only while the device is stopped, on the thread that executes a command.
class CcwTransport final : public ControlUnit, public Driver {
 public:
  static constexpr uint16_t kControlUnitType = 0x3832;
  static constexpr int kNewestRevision = 2;

  CcwTransport(std::unique_ptr<Device> device, AbsoluteStorage& storage, InterruptionSink& sink);
  ~CcwTransport() override;

  // Makes a subchannel of `subsystem` out of `device`; its number, or nothing if `device_number`
  // is taken. All three outlive it. A guest that runs already learns of it by
  // ChannelSubsystem::Announce.
  static std::optional<uint16_t> Attach(std::unique_ptr<Device> device, uint16_t device_number,
                                        ChannelSubsystem& subsystem, AbsoluteStorage& storage,
                                        InterruptionSink& sink);

  // ControlUnit
  SenseId sense_id() const override;
  Ending Execute(uint8_t command, Transfer& transfer) override;
  void SetEnabled(bool enabled) override;
  void Reset() override;
  bool Notify(uint32_t queue) override;
  void Shutdown() override;

  // Driver
  bool Has(int feature) const override { return (driver_features_ & Feature(feature)) != 0; }
  ByteOrder order() const override { return driver_order_; }
  size_t queue_count() const override { return queues_.size(); }
  Virtqueue& queue(size_t index) override { return queues_[index]; }
  void Interrupt(size_t queue) override;
  void ConfigurationChanged() override;
  void NeedsReset() override;

 private:
  Ending SetRevision(Transfer& transfer);
  Ending ReadFeatures(Transfer& transfer);
  Ending WriteFeatures(Transfer& transfer);
  Ending ReadConfiguration(Transfer& transfer);
  Ending WriteConfiguration(Transfer& transfer);
  Ending ReadStatus(Transfer& transfer);
  Ending WriteStatus(Transfer& transfer);
  Ending ReadQueueConfiguration(Transfer& transfer);
  Ending SetQueue(Transfer& transfer);
  Ending SetIndicators(Transfer& transfer, bool of_configuration);
  Ending SetAdapterIndicators(Transfer& transfer);
  Ending ResetDevice(Transfer& transfer);

  bool legacy() const { return revision_ == 0; }
  uint64_t OfferedFeatures() const;
  void ForgetDriver();
  void StartDevice();
  void StopDevice();

  const std::unique_ptr<Device> device_;
  AbsoluteStorage& storage_;
  InterruptionSink& sink_;
  ChannelSubsystem* subsystem_ = nullptr;  // these two are set by Attach
  uint16_t subchannel_ = 0;

  static constexpr int kNoRevision = -1;
  std::atomic<int> revision_ = kNoRevision;
  uint64_t driver_features_ = 0;
  ByteOrder order_ = ByteOrder::kLittle;         // by the revision
  ByteOrder driver_order_ = ByteOrder::kLittle;  // as it was when the device started
  std::vector<uint16_t> queue_sizes_;
  std::vector<Virtqueue> queues_;
  bool started_ = false;

  std::mutex mutex_;
  uint8_t status_ = 0;
  Indicators indicators_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_CCW_TRANSPORT_H_
