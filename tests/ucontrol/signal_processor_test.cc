#include "ucontrol/signal_processor.h"

#include <gtest/gtest.h>

#include "hypervisor/arch/interruption.h"
#include "tests/ucontrol/machine_fixture.h"

namespace ucontrol {
namespace {

namespace prefix_area = hypervisor::prefix_area;
namespace uapi = hypervisor::uapi;
using hypervisor::Psw;

class SignalProcessorTest : public MachineFixture {
 protected:
  void SetUp() override { Make(2); }

  struct Answer {
    int condition_code;
    uint32_t status;
  };
  // CPU 0 signals `target`: GR 2 status, GR 3 parameter, GR 4 address.
  Answer Signal(uint8_t order, uint64_t target = 1, uint64_t parameter = 0) {
    Answer answer{};
    On(0, [&] {
      cpu().set_psw({k64Bit, 0x5000});
      cpu().set_gpr(2, 0xeeeeeeee00000000);
      cpu().set_gpr(3, parameter);
      cpu().set_gpr(4, 0xdddd0000 | target);
      fake().block.icptcode = 4;
      fake().block.ipa = 0xae24;
      fake().block.ipb = uint32_t{order} << 16;
      const Disposition end = SignalProcessor(vcpu());
      EXPECT_EQ(end.kind(), Disposition::Kind::kResume);
      EXPECT_EQ(cpu().gpr(2) >> 32, 0xeeeeeeeeu);
      answer = {cpu().psw().condition_code(), static_cast<uint32_t>(cpu().gpr(2))};
    });
    return answer;
  }
  void ExpectStatus(const Answer& answer, uint32_t status) {
    EXPECT_EQ(answer.condition_code, 1);
    EXPECT_EQ(answer.status, status);
  }
  void RunTarget() {
    ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit, 0x6000}).ok());
    vcpu(1).Start();
    ASSERT_TRUE(Await([this] { return fake(1).runs > 0; }));
  }
  bool AwaitStopped() {
    return Await([this] { return vcpu(1).state() == Vcpu::State::kStopped; });
  }
};

TEST_F(SignalProcessorTest, IsPrivileged) {
  On(0, [&] {
    cpu().set_psw({k64Bit | Psw::kProblemState, 0x5000});
    EXPECT_EQ(SignalProcessor(vcpu()).interruption().code,
              hypervisor::PgmCode::kPrivilegedOperation);
  });
}

TEST_F(SignalProcessorTest, ACpuThatIsNotThereIsNotOperational) {
  EXPECT_EQ(Signal(0x01, 7).condition_code, 3);
  EXPECT_EQ(Signal(0x77, 7).condition_code, 3);
  EXPECT_EQ(Signal(0x01, 0xffff).condition_code, 3);
}

TEST_F(SignalProcessorTest, AnUnknownOrderIsInvalid) {
  ExpectStatus(Signal(0x00), 0x02);
  ExpectStatus(Signal(0x16), 0x02);
  ExpectStatus(Signal(0xff), 0x02);
}

TEST_F(SignalProcessorTest, SetArchitectureIsWhatItIsWhateverIsAddressed) {
  ExpectStatus(Signal(0x12, 7, 2), 0x100);
}

TEST_F(SignalProcessorTest, SenseTellsStoppedAndExternalCall) {
  ExpectStatus(Signal(0x01), 0x40);
  EXPECT_EQ(Signal(0x02).condition_code, 0);
  ExpectStatus(Signal(0x01), 0xc0);
  ExpectStatus(Signal(0x02), 0x80);
  RunTarget();
  ExpectStatus(Signal(0x01), 0x80);
}

TEST_F(SignalProcessorTest, SenseRunningTellsAWaitingCpuFromARunningOne) {
  ExpectStatus(Signal(0x15), 0x400);
  RunTarget();
  EXPECT_EQ(Signal(0x15).condition_code, 0);
  vcpu(1).RequestStop();
  ASSERT_TRUE(AwaitStopped());
  ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit | Psw::kWait | Psw::kIo, 0}).ok());
  vcpu(1).Start();
  ASSERT_TRUE(Await([this] { return vcpu(1).is_waiting(); }));
  ExpectStatus(Signal(0x15), 0x400);
}

TEST_F(SignalProcessorTest, StartStopAndStopAndStoreStatus) {
  EXPECT_EQ(Signal(0x05).condition_code, 0);
  ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit, 0x6000}).ok());
  EXPECT_EQ(Signal(0x04).condition_code, 0);
  ASSERT_TRUE(Await([this] { return fake(1).runs > 0; }));
  EXPECT_EQ(Signal(0x09).condition_code, 0);
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint64_t>(0x1308), 0x6000u);
  Store<uint64_t>(0x1308, 0);
  EXPECT_EQ(Signal(0x09).condition_code, 0);  // stopped already: at once
  EXPECT_EQ(Load<uint64_t>(0x1308), 0x6000u);
}

TEST_F(SignalProcessorTest, AStopThatWaitsMakesTheCpuBusyButForAReset) {
  RunTarget();
  // The target doesn't come out of KVM_RUN for the stop: its script holds it.
  std::atomic<bool> is_held = false;
  std::atomic<bool> is_released = false;
  fake(1).Then([&](FakeVcpu&) {
    is_held = true;
    while (!is_released) std::this_thread::yield();
    return int64_t{-EINTR};
  });
  ASSERT_TRUE(Await([&] { return is_held.load(); }));
  EXPECT_EQ(Signal(0x05).condition_code, 0);
  EXPECT_EQ(Signal(0x01).condition_code, 2);
  EXPECT_EQ(Signal(0x06).condition_code, 2);
  is_released = true;
  ASSERT_TRUE(AwaitStopped());
  ExpectStatus(Signal(0x01), 0x40);
}

TEST_F(SignalProcessorTest, RestartStartsAStoppedCpu) {
  EXPECT_EQ(Signal(0x06).condition_code, 0);
  ASSERT_TRUE(Await([this] { return fake(1).runs > 0; }));
  On(1, [&] { EXPECT_EQ(cpu(1).psw().address, NewPswAddress(prefix_area::kRestartNewPsw)); });
}

TEST_F(SignalProcessorTest, InitialCpuResetReachesARunningCpu) {
  RunTarget();
  EXPECT_EQ(Signal(0x0b).condition_code, 0);
  EXPECT_EQ(vcpu(1).state(), Vcpu::State::kStopped);
  EXPECT_EQ(cpu(1).psw().address, 0u);
  EXPECT_EQ(cpu(1).cr(0), 0xe0u);
  EXPECT_EQ(fake(1).requests.back(), uapi::kInitialReset);
}

TEST_F(SignalProcessorTest, CpuResetDropsWhatIsPending) {
  EXPECT_EQ(Signal(0x02).condition_code, 0);
  EXPECT_EQ(Signal(0x0c).condition_code, 0);
  ExpectStatus(Signal(0x01), 0x40);
  EXPECT_EQ(fake(1).requests.back(), uapi::kNormalReset);
}

TEST_F(SignalProcessorTest, ACpuThatResetsItselfIsStopped) {
  On(0, [&] {
    cpu().set_psw({k64Bit, 0x5000});
    cpu().set_gpr(4, 0);
    fake().block.ipa = 0xae24;
    fake().block.ipb = 0x0b0000;
    EXPECT_EQ(SignalProcessor(vcpu()).kind(), Disposition::Kind::kStop);
    EXPECT_EQ(cpu().psw(), Psw{});
  });
}

TEST_F(SignalProcessorTest, SetPrefixNeedsStorageAndAStoppedCpu) {
  ExpectStatus(Signal(0x0d, 1, 0x7f000000), 0x100);
  EXPECT_EQ(Signal(0x0d, 1, 0x12345fff).condition_code, 1);
  EXPECT_EQ(Signal(0x0d, 1, 0x80007fff).condition_code, 0);
  EXPECT_EQ(cpu(1).prefix(), 0x6000u);
  EXPECT_EQ(fake(1).block.ihcpu, 0xffff);
  RunTarget();
  ExpectStatus(Signal(0x0d, 1, 0x4000), 0x200);
  ExpectStatus(Signal(0x0d, 1, 0x7f000000), 0x100);
}

TEST_F(SignalProcessorTest, StoreStatusAtAnAddress) {
  On(1, [&] { cpu(1).set_gpr(15, 0xf15); });
  EXPECT_EQ(Signal(0x0e, 1, 0x30123).condition_code, 0);
  EXPECT_EQ(Load<uint64_t>(0x30000 + 0x80 + 15 * 8), 0xf15u);
  ExpectStatus(Signal(0x0e, 1, kStorageSize), 0x100);
  RunTarget();
  ExpectStatus(Signal(0x0e, 1, 0x30000), 0x200);
}

TEST_F(SignalProcessorTest, StoreAdditionalStatusNeedsVectors) {
  ExpectStatus(Signal(0x17, 1, 0x30000), 0x02);
}

TEST_F(SignalProcessorTest, ConditionalEmergencySignalLooksAtAStoppedCpu) {
  const uint64_t open = k64Bit | Psw::kIo | Psw::kExternal;
  On(1, [&] {
    cpu(1).set_psw({open, 0x6000});
    cpu(1).set_cr(4, 0x1111);
    cpu(1).set_cr(3, 0x2222);
  });
  ExpectStatus(Signal(0x13, 1, 0x3333), 0x200);
  EXPECT_EQ(Signal(0x13, 1, 0x1111).condition_code, 0);
  EXPECT_EQ(Signal(0x13, 1, 0x2222).condition_code, 0);
  On(1, [&] { cpu(1).set_psw({open | Psw::kWait, 0}); });
  ExpectStatus(Signal(0x13, 1, 0x1111), 0x200);
  On(1, [&] { cpu(1).set_psw({k64Bit, 0x6000}); });
  EXPECT_EQ(Signal(0x13, 1, 0x3333).condition_code, 0);
  RunTarget();
  EXPECT_EQ(Signal(0x13, 1, 0x3333).condition_code, 0);
}

// Two CPUs that reset each other all the time: neither waits for the other for ever.
TEST_F(SignalProcessorTest, OrdersInACircleEnd) {
  std::atomic<int> accepted = 0;
  const auto storm = [&](int self) {
    for (int i = 0; i < 500; ++i) {
      On(self, [&] {
        cpu(self).set_psw({k64Bit, 0x5000});
        cpu(self).set_gpr(3, 0x30000);
        cpu(self).set_gpr(4, 1 - self);
        fake(self).block.ipa = 0xae24;
        fake(self).block.ipb = i % 2 ? 0x0e0000 : 0x0c0000;
        SignalProcessor(vcpu(self));
        if (cpu(self).psw().condition_code() == 0) ++accepted;
      });
    }
  };
  std::thread other([&] { storm(1); });
  storm(0);
  other.join();
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace ucontrol
