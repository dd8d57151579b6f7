// The subchannel-information block and its parts, in host byte order (PoP: I/O Instructions,
// "Subchannel-Information Block"; I/O Interruptions, "Subchannel-Status Word").
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_SUBCHANNEL_STATUS_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_SUBCHANNEL_STATUS_H_

#include <array>
#include <cstdint>

namespace ucontrol {

// Path-management-control word.
struct Pmcw {
  static constexpr uint16_t kInterruptionSubclass = 0x3800;
  static constexpr uint16_t kEnabled = 0x0080;
  static constexpr uint16_t kLimitMode = 0x0060;
  static constexpr uint16_t kMeasurementMode = 0x0018;
  static constexpr uint16_t kMultipath = 0x0004;
  static constexpr uint16_t kDeviceNumberValid = 0x0001;
  // What MODIFY SUBCHANNEL changes, and what it wants to be zero.
  static constexpr uint16_t kModifiable =
      kInterruptionSubclass | kEnabled | kLimitMode | kMeasurementMode | kMultipath;
  static constexpr uint16_t kReserved = 0xc300;

  static constexpr uint32_t kMeasurementBlockFormat = 0x00000004;
  static constexpr uint32_t kExtendedMeasurement = 0x00000002;
  static constexpr uint32_t kConcurrentSense = 0x00000001;
  static constexpr uint32_t kCharacteristicsReserved = 0xff1ffff8;

  uint32_t interruption_parameter = 0;
  uint16_t flags = 0;
  uint16_t device_number = 0;
  uint8_t logical_path_mask = 0;
  uint8_t path_not_operational_mask = 0;
  uint8_t last_path_used_mask = 0;
  uint8_t path_installed_mask = 0;
  uint16_t measurement_block_index = 0;
  uint8_t path_operational_mask = 0;
  uint8_t path_available_mask = 0;
  std::array<uint8_t, 8> channel_path{};
  uint32_t characteristics = 0;

  uint8_t isc() const { return static_cast<uint8_t>((flags & kInterruptionSubclass) >> 11); }
  bool enabled() const { return (flags & kEnabled) != 0; }
  bool device_number_valid() const { return (flags & kDeviceNumberValid) != 0; }
};

// Subchannel-status word.
struct Scsw {
  // Bits of `flags`.
  static constexpr uint16_t kKey = 0xf000;
  static constexpr uint16_t kSuspendControl = 0x0800;
  static constexpr uint16_t kExtendedStatusWord = 0x0400;
  static constexpr uint16_t kDeferredConditionCode3 = 0x0300;
  static constexpr uint16_t kSuppressSuspended = 0x0008;
  static constexpr uint16_t kExtendedControl = 0x0002;
  static constexpr uint16_t kPathNotOperational = 0x0001;
  // The bits that a start function takes over from its ORB.
  static constexpr uint16_t kFromOrb = 0xf8f8;

  // Bits of `control`: functions, activities, status.
  static constexpr uint16_t kStartFunction = 0x4000;
  static constexpr uint16_t kHaltFunction = 0x2000;
  static constexpr uint16_t kClearFunction = 0x1000;
  static constexpr uint16_t kFunctions = 0x7000;
  static constexpr uint16_t kResumePending = 0x0800;
  static constexpr uint16_t kStartPending = 0x0400;
  static constexpr uint16_t kHaltPending = 0x0200;
  static constexpr uint16_t kClearPending = 0x0100;
  static constexpr uint16_t kSubchannelActive = 0x0080;
  static constexpr uint16_t kDeviceActive = 0x0040;
  static constexpr uint16_t kSuspended = 0x0020;
  static constexpr uint16_t kActivities = 0x0fe0;
  static constexpr uint16_t kAlert = 0x0010;
  static constexpr uint16_t kIntermediate = 0x0008;
  static constexpr uint16_t kPrimary = 0x0004;
  static constexpr uint16_t kSecondary = 0x0002;
  static constexpr uint16_t kPending = 0x0001;
  static constexpr uint16_t kStatus = 0x001f;

  static constexpr uint8_t kChannelEnd = 0x08;
  static constexpr uint8_t kDeviceEnd = 0x04;
  static constexpr uint8_t kUnitCheck = 0x02;

  static constexpr uint8_t kProgramControlled = 0x80;
  static constexpr uint8_t kIncorrectLength = 0x40;
  static constexpr uint8_t kProgramCheck = 0x20;

  uint16_t flags = 0;
  uint16_t control = 0;
  uint32_t ccw_address = 0;
  uint8_t device_status = 0;
  uint8_t subchannel_status = 0;
  uint16_t count = 0;

  bool Has(uint16_t control_bits) const { return (control & control_bits) != 0; }
};

struct Schib {
  static constexpr int kSize = 52;
  using Bytes = std::array<uint8_t, kSize>;

  Pmcw pmcw;
  Scsw scsw;
  uint64_t measurement_block_address = 0;

  static Schib Load(const Bytes& bytes);
  Bytes Store() const;
};

// What TEST SUBCHANNEL stores: SCSW, extended-status word, extended-control word.
struct Irb {
  static constexpr int kSize = 64;
  using Bytes = std::array<uint8_t, kSize>;

  Scsw scsw;
  std::array<uint32_t, 5> extended_status{};
  std::array<uint8_t, 32> extended_control{};

  Bytes Store() const;
};

// Operation-request block: the operand of START SUBCHANNEL.
struct Orb {
  static constexpr int kSize = 12;
  using Bytes = std::array<uint8_t, kSize>;

  static constexpr uint16_t kSuspendControl = 0x0800;
  static constexpr uint16_t kFormat1 = 0x0080;
  static constexpr uint16_t kTransportMode = 0x0004;
  static constexpr uint16_t kFormat2Idaw = 0x0002;
  static constexpr uint16_t kIdawBlock2K = 0x0001;
  static constexpr uint8_t kReserved = 0x3e;

  uint32_t interruption_parameter = 0;
  uint16_t control = 0;
  uint8_t logical_path_mask = 0;
  uint8_t more_control = 0;
  uint32_t program_address = 0;

  static Orb Load(const Bytes& bytes);
  bool IsValid() const {
    return !(control & kTransportMode) && !(more_control & kReserved) && !(program_address >> 31);
  }
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_SUBCHANNEL_STATUS_H_
