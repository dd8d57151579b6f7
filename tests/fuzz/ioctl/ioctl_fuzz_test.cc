// Sequences of requests on the files of a software device. A record of the input is a request, the
// file that it goes to, and what its argument points to.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "hypervisor/core/software_device.h"
#include "hypervisor/uapi/device_control.h"
#include "hypervisor/uapi/kvm.h"

namespace {

using namespace hypervisor;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kArena = 16 * kMiB;
constexpr size_t kArgument = 128;

constexpr uint32_t kRequests[] = {
    uapi::kGetApiVersion, uapi::kCreateVm,      uapi::kCheckExtension, uapi::kGetVcpuMmapSize,
    uapi::kEnableSie,     uapi::kCreateVcpu,    uapi::kGetDirtyLog,    uapi::kSetUserMemoryRegion,
    uapi::kCreateIrqchip, uapi::kSetGsiRouting, uapi::kIrqfd,          uapi::kIoeventfd,
    uapi::kInterrupt,     uapi::kEnableCap,     uapi::kMemOp,          uapi::kGetSkeys,
    uapi::kSetSkeys,      uapi::kKeyop,         uapi::kGetCmmaBits,    uapi::kSetCmmaBits,
    uapi::kGetStatsFd,    uapi::kCreateDevice,  uapi::kSetDeviceAttr,  uapi::kGetDeviceAttr,
    uapi::kHasDeviceAttr, uapi::kUcasMap,       uapi::kUcasUnmap,      uapi::kVcpuFault,
    uapi::kRun,           uapi::kGetRegs,       uapi::kSetRegs,        uapi::kGetSregs,
    uapi::kSetSregs,      uapi::kTranslate,     uapi::kSetSignalMask,  uapi::kGetFpu,
    uapi::kSetFpu,        uapi::kStoreStatus,   uapi::kSetInitialPsw,  uapi::kInitialReset,
    uapi::kGetMpState,    uapi::kSetMpState,    uapi::kSetGuestDebug,  uapi::kGetOneReg,
    uapi::kSetOneReg,     uapi::kIrq,           uapi::kSetIrqState,    uapi::kGetIrqState,
    uapi::kNormalReset,   uapi::kClearReset,    uapi::kPreFaultMemory, uapi::kPvCommand,
};

uint8_t* Arena() {
  static uint8_t* const arena = [] {
    auto space =
        reinterpret_cast<uint64_t>(mmap(nullptr, kArena + kMiB, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    return reinterpret_cast<uint8_t*>((space + kMiB - 1) / kMiB * kMiB);
  }();
  return arena;
}

// A small number, a number that is no address of anybody, or an address in the arena: requests
// write where they are told to, which must not be the fuzzer itself.
uint64_t Tame(uint64_t word) {
  if (word < 0x10000 || word >> 56 == 0xff) return word;
  return reinterpret_cast<uint64_t>(Arena()) + word % (kArena - kMiB);
}

void TameArgument(uint32_t request, uint8_t* argument) {
  for (size_t i = 0; i < kArgument; i += 8) {
    uint64_t word;
    std::memcpy(&word, argument + i, 8);
    word = Tame(word);
    std::memcpy(argument + i, &word, 8);
  }
  // Ranges stay inside the arena as well.
  if (request == uapi::kUcasMap || request == uapi::kUcasUnmap) {
    auto* mapping = reinterpret_cast<uapi::UcasMapping*>(argument);
    mapping->length = mapping->length % 8 * kMiB;
    mapping->vcpu_addr = mapping->vcpu_addr % 8 * kMiB;
    if (request == uapi::kUcasMap)
      mapping->user_addr = reinterpret_cast<uint64_t>(Arena()) + mapping->user_addr % 8 * kMiB;
  } else if (request == uapi::kSetUserMemoryRegion) {
    auto* region = reinterpret_cast<uapi::UserMemoryRegion*>(argument);
    region->memory_size = region->memory_size % 1024 * 4096;
    region->userspace_addr =
        reinterpret_cast<uint64_t>(Arena()) + region->userspace_addr % 1024 * 4096;
  } else if (request == uapi::kMemOp) {
    reinterpret_cast<uapi::MemOp*>(argument)->size %= 65540;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SoftwareDevice device;
  std::vector<int> files{device.Open()};
  const auto add = [&](int64_t fd) {
    if (fd >= 0 && files.size() < 64) files.push_back(static_cast<int>(fd));
  };
  add(device.Ioctl(files[0], uapi::kCreateVm, uapi::kUcontrolVm));
  add(device.Ioctl(files[1], uapi::kCreateVcpu, 0));
  uint8_t* const argument = Arena() + kArena - kMiB;
  for (int steps = 0; size >= 4 && steps < 64; ++steps) {
    const uint32_t request = kRequests[data[0] % std::size(kRequests)];
    const int fd = files[data[1] % files.size()];
    const size_t given =
        data[2] % (kArgument + 1) < size - 4 ? data[2] % (kArgument + 1) : size - 4;
    const bool by_value = data[3] & 1;
    std::memset(argument, 0, kArgument);
    std::memcpy(argument, data + 4, given);
    data += 4 + given;
    size -= 4 + given;
    TameArgument(request, argument);
    uint64_t value = reinterpret_cast<uint64_t>(argument);
    if (by_value || request == uapi::kStoreStatus) std::memcpy(&value, argument, 8);
    if (request == uapi::kRun) {
      device.Kick(fd);  // guests may loop
      value = 0;
    }
    const int64_t result = device.Ioctl(fd, request, value);
    if (request == uapi::kCreateVm || request == uapi::kCreateVcpu || request == uapi::kGetStatsFd)
      add(result);
    if (request == uapi::kCreateDevice && result == 0 && !by_value) {
      uapi::CreateDevice created;
      std::memcpy(&created, argument, sizeof(created));
      if (!(created.flags & uapi::kCreateDeviceTest)) add(created.fd);
    }
    if (data && steps % 16 == 15 && files.size() > 3) {
      device.Close(files.back());
      files.pop_back();
    }
  }
  return 0;
}
