#include "tests/guests/commands.h"

#include <sys/mman.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"

namespace hypervisor {
namespace {

constexpr uint64_t kProgram = 0x10000;
constexpr uint64_t kCommands = 0x4000;
constexpr uint64_t kRecords = 0x8000;
constexpr uint64_t kNextCommand = 0x2100;
constexpr uint64_t kNextRecord = 0x2108;
constexpr uint64_t kCommandSize = 80;
constexpr uint64_t kRecordSize = 128;
constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;

Record RecordAt(const uint8_t* at) {
  Record record{};
  record.kind = static_cast<Record::Kind>(LoadStorage<uint64_t>(at));
  record.ilc = LoadStorage<uint16_t>(at + 8);
  record.code = LoadStorage<uint16_t>(at + 10);
  record.dxc = LoadStorage<uint32_t>(at + 12);
  record.teid = LoadStorage<uint64_t>(at + 16);
  record.psw = Psw{LoadStorage<uint64_t>(at + 24), LoadStorage<uint64_t>(at + 32)};
  record.exception_access_id = at[40];
  record.per_code = at[44];
  record.per_atmid = at[45];
  record.per_address = LoadStorage<uint64_t>(at + 48);
  for (size_t r = 0; r < record.gpr.size(); ++r)
    record.gpr[r] = LoadStorage<uint64_t>(at + 64 + 8 * r);
  return record;
}

}  // namespace

CommandMachine::CommandMachine() {
  // What a test executes once is to be translated all the same.
  setenv("UCONTROL_REGIONS", "hot", /*overwrite=*/0);
  system_ = device_.Open();
  vm_ = static_cast<int>(device_.Ioctl(system_, uapi::kCreateVm, uapi::kUcontrolVm));
  vcpu_ = static_cast<int>(device_.Ioctl(vm_, uapi::kCreateVcpu, 0));
  run_ = static_cast<uapi::Run*>(device_.Mmap(vcpu_, 0));
  block_ = static_cast<uapi::SieBlock*>(device_.Mmap(vcpu_, uapi::kSiePageOffset));
  mapped_ = mmap(nullptr, kStorageSize + kSegmentSize, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  storage_ = reinterpret_cast<uint8_t*>((reinterpret_cast<uint64_t>(mapped_) + kSegmentSize - 1) &
                                        ~(kSegmentSize - 1));
  const uapi::UcasMapping mapping{reinterpret_cast<uint64_t>(storage_), 0, kStorageSize};
  EXPECT_EQ(device_.Ioctl(vcpu_, uapi::kUcasMap, reinterpret_cast<uint64_t>(&mapping)), 0);
  block_->cpuflags &= ~(uapi::kCpuStopped | uapi::kCpuKss);

  std::ifstream file("tests/guests/commands.bin", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_GT(text.size(), 500u);
  std::memcpy(At(kProgram), text.data(), text.size());
  const uint64_t handlers[] = {prefix_area::kSvcNewPsw, prefix_area::kProgramNewPsw,
                               prefix_area::kExternalNewPsw};
  for (uint64_t i = 0; i < std::size(handlers); ++i) {
    Put<uint64_t>(handlers[i], kMode64);
    Put<uint64_t>(handlers[i] + 8, Symbol(i));
  }
  cr[0] = 0xe0 | cr0::kAfpRegister | cr0::kSecondarySpace;
  cr[14] = 0xc2000000;
}

CommandMachine::~CommandMachine() {
  for (const int fd : {vcpu_, vm_, system_}) device_.Close(fd);
  munmap(mapped_, kStorageSize + kSegmentSize);
}

void CommandMachine::PresentProgramInterruption() {
  Put<uint16_t>(prefix_area::kProgramIlc, block_->pgmilc);
  Put<uint16_t>(prefix_area::kProgramCode, block_->iprcc);
  Put<uint32_t>(prefix_area::kDataExceptionCode, block_->dxc);
  Put<uint64_t>(prefix_area::kTranslationException, block_->tecmc);
  Put<uint8_t>(prefix_area::kExceptionAccessId, block_->eai);
  Put<uint8_t>(prefix_area::kPerCode, block_->perc);
  Put<uint8_t>(prefix_area::kPerAtmid, block_->peratmid);
  Put<uint64_t>(prefix_area::kPerAddress, block_->peraddr);
  Put<uint64_t>(prefix_area::kProgramOldPsw, run_->psw_mask);
  Put<uint64_t>(prefix_area::kProgramOldPsw + 8, run_->psw_addr);
  run_->psw_mask = Read<uint64_t>(prefix_area::kProgramNewPsw);
  run_->psw_addr = Read<uint64_t>(prefix_area::kProgramNewPsw + 8);
}

std::vector<Record> CommandMachine::Do(const std::vector<Command>& commands) {
  uint64_t at = kCommands;
  for (const Command& command : commands) {
    Put<uint64_t>(at, static_cast<uint64_t>(command.operation));
    Put<uint64_t>(at + 8, command.psw_mask);
    for (uint64_t r = 0; r < 8; ++r) Put<uint64_t>(at + 16 + 8 * r, command.gpr[r]);
    at += kCommandSize;
  }
  Put<uint64_t>(at, 0);
  Put<uint64_t>(kNextCommand, kCommands);
  Put<uint64_t>(kNextRecord, kRecords);
  std::copy(cr.begin(), cr.end(), run_->s.regs.crs);
  std::copy(ar.begin(), ar.end(), run_->s.regs.acrs);
  run_->kvm_dirty_regs = uapi::kSyncCrs | uapi::kSyncAcrs;
  run_->psw_mask = kMode64;
  run_->psw_addr = kProgram;
  for (size_t exits = 0; exits <= 2 * commands.size(); ++exits) {
    EXPECT_EQ(device_.Ioctl(vcpu_, uapi::kRun, 0), 0);
    EXPECT_EQ(run_->exit_reason, static_cast<uint32_t>(uapi::ExitReason::kSieIntercept));
    run_->kvm_dirty_regs = 0;
    const auto code = static_cast<uapi::Interception>(run_->s390_sieic.icptcode);
    if (code == uapi::Interception::kProgram) {
      PresentProgramInterruption();
    } else if (code == uapi::Interception::kOperationException) {
      block_->iprcc = 1;
      block_->pgmilc = run_->s390_sieic.ipa < 0x4000 ? 2 : run_->s390_sieic.ipa < 0xc000 ? 4 : 6;
      PresentProgramInterruption();
    } else if (code == uapi::Interception::kInstruction && run_->s390_sieic.ipa == 0x8300) {
      break;
    } else {
      ADD_FAILURE() << "interception " << std::hex << int{run_->s390_sieic.icptcode} << " of "
                    << run_->s390_sieic.ipa << " at " << run_->psw_addr;
      break;
    }
  }
  std::copy_n(run_->s.regs.crs, cr.size(), cr.begin());
  std::vector<Record> records;
  const uint64_t end = Read<uint64_t>(kNextRecord);
  for (at = kRecords; at < end; at += kRecordSize) records.push_back(RecordAt(At(at)));
  EXPECT_EQ(records.size(), commands.size());
  records.resize(commands.size());
  return records;
}

}  // namespace hypervisor
