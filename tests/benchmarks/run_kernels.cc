// Runs an ELF file of compute kernels on SIE with nothing around it: the service calls that print,
// and the SIGP that stops the CPU, are all that leaves the guest.
//
//   run_kernels FILE     prints each line of the guest, how many instructions it took, and how many
//                        microseconds of CPU time
//
// UCONTROL_ENGINE in the environment names the engine.
#include <sys/mman.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hypervisor/core/software_device.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {
namespace {

constexpr uint64_t kStorage = uint64_t{64} << 20;
constexpr uint64_t kSegment = uint64_t{1} << 20;

template <typename T>
T At(const std::vector<char>& file, uint64_t offset) {
  if (offset + sizeof(T) > file.size()) return 0;
  return LoadStorage<T>(file.data() + offset);
}

// The entry point; 0 if the file is no ELF file for us.
uint64_t LoadElf(const char* path, uint8_t* storage) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(stream), {}};
  if (file.size() < 64 || std::memcmp(file.data(),
                                      "\x7f"
                                      "ELF",
                                      4) != 0)
    return 0;
  const uint64_t headers = At<uint64_t>(file, 32);
  for (uint16_t i = 0; i < At<uint16_t>(file, 56); ++i) {
    const uint64_t header = headers + uint64_t{i} * 56;
    const auto from = At<uint64_t>(file, header + 8);
    const auto to = At<uint64_t>(file, header + 24);
    const auto size = At<uint64_t>(file, header + 32);
    if (At<uint32_t>(file, header) != 1 || size == 0) continue;  // PT_LOAD
    if (to > kStorage || size > kStorage - to || from + size > file.size()) return 0;
    std::memcpy(storage + to, file.data() + from, size);
  }
  return At<uint64_t>(file, 24);
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The text of a Write Event Data block, without its line end; empty for other blocks.
std::string Printed(const uint8_t* block) {
  constexpr int kHeader = 14;
  const auto length = LoadStorage<uint16_t>(block);
  if (length <= kHeader || block[10] != 0x1a) return {};
  std::string text(reinterpret_cast<const char*>(block) + kHeader, length - kHeader);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int Run(const char* path) {
  const Sie* sie = nullptr;
  SoftwareDevice device({.engine = [&sie](const SieEnvironment& environment) {
    auto engine = MakeEngine(environment);
    sie = engine.get();
    return engine;
  }});
  auto* space = static_cast<uint8_t*>(mmap(nullptr, kStorage + kSegment, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  uint8_t* storage = space + (kSegment - reinterpret_cast<uintptr_t>(space) % kSegment) % kSegment;
  const uint64_t entry = LoadElf(path, storage);
  if (entry == 0) return 1;
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  uapi::UcasMapping mapping{reinterpret_cast<uint64_t>(storage), 0, kStorage};
  if (device.Ioctl(vcpu, uapi::kUcasMap, reinterpret_cast<uint64_t>(&mapping)) < 0) return 1;
  auto& run = *static_cast<uapi::Run*>(device.Mmap(vcpu, 0));
  auto& block = *static_cast<uapi::SieBlock*>(device.Mmap(vcpu, uapi::kSiePageOffset));
  block.cpuflags &= ~uapi::kCpuStopped;
  run.psw_mask = 0x0000000180000000;
  run.psw_addr = entry;

  uint64_t instructions = 0;
  double seconds = CpuSeconds();
  for (;;) {
    if (device.Ioctl(vcpu, uapi::kRun, 0) != 0) return 1;
    if (run.exit_reason != static_cast<uint32_t>(uapi::ExitReason::kSieIntercept)) return 1;
    if (block.ipa >> 8 == 0xae) return 0;  // SIGP
    if (block.icptcode != 0x04 || block.ipa != 0xb220) {
      std::fprintf(stderr, "interception %02x %04x %08x at %llx\n", block.icptcode, block.ipa,
                   block.ipb, static_cast<unsigned long long>(run.psw_addr));
      return 1;
    }
    const uint64_t address = run.s.regs.gprs[block.ipb >> 16 & 0xf] & 0x7fffffff;
    const std::string text = address < kStorage - 4096 ? Printed(storage + address) : "";
    run.psw_mask &= ~Psw::kConditionCode;
    if (text.empty()) continue;
    const double now = CpuSeconds();
    std::printf("%s %llu %.0f\n", text.c_str(),
                static_cast<unsigned long long>(sie->instructions() - instructions),
                (now - seconds) * 1e6);
    std::fflush(stdout);
    instructions = sie->instructions();
    seconds = CpuSeconds();
  }
}

}  // namespace
}  // namespace hypervisor

int main(int argc, char** argv) {
  return argc == 2 ? hypervisor::Run(argv[1]) : 2;
}
