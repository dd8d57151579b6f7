// KVM_SET_GSI_ROUTING, KVM_IRQFD, KVM_IOEVENTFD, KVM_SET_GUEST_DEBUG, KVM_SET_SIGNAL_MASK.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class EventsTest : public VcpuTest {
 protected:
  EventsTest() : event_(eventfd(0, EFD_CLOEXEC)), other_(eventfd(0, EFD_CLOEXEC)) {
    regular_ = NewVm(0);
    const uapi::UserMemoryRegion region{0, 0, 0, 1 << 20, memory()};
    Ask(regular_, uapi::kSetUserMemoryRegion, region);
  }
  ~EventsTest() override {
    close(event_);
    close(other_);
  }
  int64_t Route(int vm, std::vector<uapi::IrqRoutingEntry> entries, uint32_t flags = 0) {
    std::vector<uint8_t> table(8 + entries.size() * sizeof(entries[0]));
    const uapi::IrqRouting header{static_cast<uint32_t>(entries.size()), flags};
    std::memcpy(table.data(), &header, sizeof(header));
    if (!entries.empty()) {
      std::memcpy(table.data() + 8, entries.data(), entries.size() * sizeof(entries[0]));
    }
    return Ask(vm, uapi::kSetGsiRouting, table.data());
  }
  static uapi::IrqRoutingEntry Adapter(uint32_t gsi) {
    uapi::IrqRoutingEntry entry{};
    entry.gsi = gsi;
    entry.type = uapi::kRoutingS390Adapter;
    return entry;
  }
  int event_;
  int other_;
  int regular_;
};

TEST_F(EventsTest, RoutesAreChecked) {
  auto other_type = Adapter(1);
  other_type.type = 1;
  auto flagged = Adapter(1);
  flagged.flags = 1;
  auto indicator = Adapter(1);
  indicator.ind_addr = 0x1ffc;
  indicator.ind_offset = 32;
  auto summary = Adapter(1);
  summary.summary_addr = 0x1ffc;
  summary.summary_offset = 32;
  auto inside = Adapter(1);
  inside.ind_addr = 0x1ffc;
  inside.ind_offset = 31;
  auto nowhere = Adapter(1);
  nowhere.ind_addr = uint64_t{1} << 40;
  EXPECT_EQ(Route(regular_, {}), 0);
  EXPECT_EQ(Route(regular_, {Adapter(1), Adapter(2)}), 0);
  EXPECT_EQ(Route(regular_, {inside}), 0);
  EXPECT_EQ(Route(regular_, {Adapter(1), Adapter(1)}), -EINVAL);
  EXPECT_EQ(Route(regular_, {Adapter(4096)}), -EINVAL);
  EXPECT_EQ(Route(regular_, {}, 1), -EINVAL);
  for (const auto& bad : {other_type, flagged, indicator, summary})
    EXPECT_EQ(Route(regular_, {bad}), -EINVAL);
  EXPECT_EQ(Route(regular_, {nowhere}), -EFAULT);
  EXPECT_EQ(Route(regular_, std::vector<uapi::IrqRoutingEntry>(4097)), -EINVAL);
  EXPECT_EQ(Ask(regular_, uapi::kSetGsiRouting, kBadPointer), -EFAULT);
  EXPECT_EQ(Route(vm_, {}), 0);
  EXPECT_EQ(Route(vm_, {Adapter(1)}), -EINVAL);  // a UCONTROL VM has no adapters to route to
}

TEST_F(EventsTest, Irqfds) {
  const auto irqfd = [](int fd, uint32_t gsi, uint32_t flags, int resample = -1) {
    return uapi::Irqfd{static_cast<uint32_t>(fd), gsi, flags, static_cast<uint32_t>(resample), {}};
  };
  EXPECT_EQ(Vm(uapi::kIrqfd, kBadPointer), -EFAULT);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 1, 4)), -EINVAL);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(-1, 1, 0)), -EBADF);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 1, 2)), -EBADF);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 1, 0)), 0);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 2, 0)), -EBUSY);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(other_, 1, 2, event_)), 0);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 1, 1)), 0);
  EXPECT_EQ(Vm(uapi::kIrqfd, irqfd(event_, 2, 0)), 0);
}

TEST_F(EventsTest, Ioeventfds) {
  const auto watch = [](int fd, uint64_t addr, uint32_t len, uint32_t flags, uint64_t match = 0) {
    return uapi::Ioeventfd{match, addr, len, fd, flags, {}};
  };
  constexpr uint32_t kCcw = uapi::kIoeventfdVirtioCcw | uapi::kIoeventfdDatamatch;
  EXPECT_EQ(Vm(uapi::kIoeventfd, kBadPointer), -EFAULT);
  const struct {
    const char* name;
    uapi::Ioeventfd event;
    int64_t answer;
  } rows[] = {
      {"a queue", watch(event_, 0x10001, 8, kCcw, 1), 0},
      {"the same queue", watch(other_, 0x10001, 8, kCcw, 1), -EEXIST},
      {"any queue", watch(other_, 0x10001, 8, uapi::kIoeventfdVirtioCcw), -EEXIST},
      {"another queue", watch(other_, 0x10001, 8, kCcw, 2), 0},
      {"another bus", watch(other_, 0x10001, 8, uapi::kIoeventfdDatamatch, 1), 0},
      {"unknown flag", watch(event_, 0, 8, 16), -EINVAL},
      {"odd length", watch(event_, 0, 3, 0), -EINVAL},
      {"wraps", watch(event_, ~uint64_t{0}, 8, 0), -EINVAL},
      {"nothing to match", watch(event_, 0, 0, kCcw), -EINVAL},
      {"no descriptor", watch(-1, 0, 8, 0), -EBADF},
      {"deassign an unknown one", watch(event_, 0x10001, 8, kCcw | 4, 2), -ENOENT},
      {"deassign", watch(event_, 0x10001, 8, kCcw | 4, 1), 0},
      {"deassign again", watch(event_, 0x10001, 8, kCcw | 4, 1), -ENOENT},
  };
  for (const auto& row : rows) EXPECT_EQ(Vm(uapi::kIoeventfd, row.event), row.answer) << row.name;
}

TEST_F(EventsTest, GuestDebugChecksItsArguments) {
  uapi::HwBreakpoint points[51] = {};
  for (auto& point : points) point.type = 1;
  const auto debug = [&](uint32_t control, uint32_t count, const void* from) {
    return uapi::GuestDebug{control, 0, count, 0, reinterpret_cast<uint64_t>(from)};
  };
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0, 0, nullptr)), 0);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(4, 0, nullptr)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10000000, 0, nullptr)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10001, 51, points)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10001, 50, points)), 0);
  EXPECT_EQ(
      Vcpu(uapi::kSetGuestDebug, debug(0x10001, 1, reinterpret_cast<const void*>(kBadPointer))),
      -EFAULT);
  points[0].type = 3;
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10001, 1, points)), -EINVAL);
  points[0].type = 2;
  points[0].len = 101;
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10001, 1, points)), -EINVAL);
  points[0].len = 100;
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0x10001, 1, points)), 0);
  EXPECT_TRUE(block_->cpuflags & uapi::kCpuPer);
  EXPECT_EQ(Vcpu(uapi::kSetGuestDebug, debug(0, 0, nullptr)), 0);
  EXPECT_FALSE(block_->cpuflags & uapi::kCpuPer);
}

TEST_F(EventsTest, GuestDebugReplacesThePerControlsWhileTheGuestRuns) {
  CpuState seen;
  script_ = [&](ScriptedSie&, uapi::SieBlock& block, CpuState& cpu) {
    seen = cpu;
    block.icptcode = 8;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  block_->gcr[0] = 0xfff;
  block_->gcr[9] = 0x99;
  const uapi::GuestDebug step{3, 0, 0, 0, 0};
  ASSERT_EQ(Vcpu(uapi::kSetGuestDebug, step), 0);
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(seen.cr[0], 0x7ffu);  // no clock-comparator interruption between two steps
  EXPECT_EQ(seen.cr[9], 0x40000099u);
  EXPECT_EQ(seen.cr[10], 0u);
  EXPECT_EQ(seen.cr[11], ~uint64_t{0});
  EXPECT_EQ(block_->gcr[0], 0xfffu);
  EXPECT_EQ(block_->gcr[9], 0x99u);

  const uapi::HwBreakpoint points[2] = {{0x1000, 0, 4, 1, {}}, {0x3000, 0, 8, 2, {}}};
  const uapi::GuestDebug breakpoints{0x10001, 0, 2, 0, reinterpret_cast<uint64_t>(points)};
  ASSERT_EQ(Vcpu(uapi::kSetGuestDebug, breakpoints), 0);
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(seen.cr[9], 0x60000000u);
  EXPECT_EQ(seen.cr[10], 0xffau);
  EXPECT_EQ(seen.cr[11], 0x3007u);
}

TEST_F(EventsTest, TheSignalMaskHasEightBytes) {
  struct {
    uint32_t length;
    uint8_t set[8];
  } mask = {8, {}};
  EXPECT_EQ(Vcpu(uapi::kSetSignalMask, mask), 0);
  EXPECT_EQ(KvmRun(), 0);
  mask.length = 4;
  EXPECT_EQ(Vcpu(uapi::kSetSignalMask, mask), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetSignalMask, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kSetSignalMask, 0), 0);
}

}  // namespace
}  // namespace hypervisor
