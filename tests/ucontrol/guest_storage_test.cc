#include "ucontrol/guest_storage.h"

#include <gtest/gtest.h>

#include <cstring>

#include "hypervisor/arch/control_registers.h"
#include "tests/ucontrol/machine_fixture.h"

namespace ucontrol {
namespace {

namespace cr0 = hypervisor::cr0;
using hypervisor::GuestLogical;
using hypervisor::GuestReal;
using hypervisor::PgmCode;
using hypervisor::Psw;

constexpr uint64_t kSegmentTable = 0x40000;
constexpr uint64_t kPageTable = 0x44000;

OperandAddress At(uint64_t address, int access_register = 0) {
  return {GuestLogical(address), access_register};
}

class GuestStorageTest : public MachineFixture {
 protected:
  void SetUp() override {
    Make();
    // Segment 0 has a page table; pages 0 to 255 are themselves, but for those a test changes.
    Store<uint64_t>(kSegmentTable, kPageTable);
    for (uint64_t i = 1; i < 2048; ++i) Store<uint64_t>(kSegmentTable + i * 8, 0x20);
    for (uint64_t i = 0; i < 256; ++i) Store<uint64_t>(kPageTable + i * 8, i * 4096);
    On(0, [&] {
      cpu().set_cr(1, kSegmentTable | 3);
      cpu().set_cr(7, kSegmentTable | 3);
      cpu().set_cr(13, kSegmentTable | 3);
      Dat();
    });
  }
  void Dat(uint64_t mask = 0) { cpu().set_psw({k64Bit | Psw::kDat | mask, 0x5000}); }
  void ExpectFault(PgmCode code, uint64_t teid) {
    const Disposition fault = vcpu().storage().Fault();
    EXPECT_EQ(fault.kind(), Disposition::Kind::kInterrupt);
    EXPECT_EQ(fault.interruption().code, code);
    EXPECT_EQ(fault.interruption().translation_exception, teid);
  }
  GuestStorage& storage() { return vcpu().storage(); }
};

TEST_F(GuestStorageTest, AnOperandGoesOverPagesThatLieApart) {
  Store<uint64_t>(kPageTable + 0x31 * 8, 0x80000);
  On(0, [&] {
    EXPECT_TRUE(storage().Store(At(0x30ffe), uint32_t{0x11223344}));
    EXPECT_EQ(storage().Load<uint32_t>(At(0x30ffe)), 0x11223344u);
  });
  EXPECT_EQ(Load<uint16_t>(0x30ffe), 0x1122);
  EXPECT_EQ(Load<uint16_t>(0x80000), 0x3344);
}

TEST_F(GuestStorageTest, AStoreThatFaultsInItsSecondPageStoresNothing) {
  Store<uint64_t>(kPageTable + 0x31 * 8, 0x400);
  On(0, [&] {
    EXPECT_FALSE(storage().Store(At(0x30ffe), uint32_t{0x11223344}));
    ExpectFault(PgmCode::kPageTranslation, 0x31400);
    EXPECT_FALSE(storage().Load<uint32_t>(At(0x30ffe)));
    ExpectFault(PgmCode::kPageTranslation, 0x31800);
  });
  EXPECT_EQ(Load<uint16_t>(0x30ffe), 0);
}

TEST_F(GuestStorageTest, EveryWayToMissATable) {
  On(0, [&] {
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x100000)));
    ExpectFault(PgmCode::kSegmentTranslation, 0x100800);
    EXPECT_FALSE(storage().Load<uint8_t>(At(uint64_t{1} << 31)));
    ExpectFault(PgmCode::kAsceType, (uint64_t{1} << 31) | 0x800);
    Store<uint64_t>(kPageTable + 0x32 * 8, 0x32800);
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x32000)));
    ExpectFault(PgmCode::kTranslationSpecification, 0);
    Store<uint64_t>(kSegmentTable + 8, 0x04);  // a type that isn't a segment's
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x100000)));
    ExpectFault(PgmCode::kTranslationSpecification, 0);
    Store<uint64_t>(kSegmentTable + 8, 0x7f000000);  // a page table outside storage
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x100000)));
    ExpectFault(PgmCode::kAddressing, 0);
    cpu().set_cr(1, kSegmentTable);  // 512 entries
    EXPECT_FALSE(storage().Load<uint8_t>(At(512 * 0x100000)));
    ExpectFault(PgmCode::kSegmentTranslation, 512 * 0x100000 + 0x800);
  });
}

TEST_F(GuestStorageTest, ALargeSegmentNeedsItsControl) {
  Store<uint64_t>(kSegmentTable + 8, 0x200000 | 0x400);
  Store<uint32_t>(0x2abcd0, 0x5555aaaa);
  On(0, [&] {
    cpu().set_cr(0, cr0::kEnhancedDat);
    EXPECT_EQ(storage().Load<uint32_t>(At(0x1abcd0)), 0x5555aaaau);
    cpu().set_cr(0, 0);
    EXPECT_NE(storage().Load<uint32_t>(At(0x1abcd0)), 0x5555aaaau);
    storage().Fault();
  });
}

TEST_F(GuestStorageTest, ThreeRegionLevels) {
  // ASCE -> region first 0x50000 -> second 0x54000 -> third 0x58000 -> the segment table.
  Store<uint64_t>(0x50000, 0x54000 | 0xc | 3);
  Store<uint64_t>(0x54000, 0x58000 | 0x8 | 3);
  Store<uint64_t>(0x58000, kSegmentTable | 0x4 | 3);
  Store<uint64_t>(0x58008, 0x20);
  Store<uint64_t>(0x54008, 0x20);
  Store<uint64_t>(0x50008, 0x20);
  Store<uint32_t>(0x33000, 0x12345678);
  On(0, [&] {
    cpu().set_cr(1, 0x50000 | 0xc | 3);
    EXPECT_EQ(storage().Load<uint32_t>(At(0x33000)), 0x12345678u);
    EXPECT_FALSE(storage().Load<uint8_t>(At(uint64_t{1} << 31)));
    ExpectFault(PgmCode::kRegionThirdTranslation, (uint64_t{1} << 31) | 0x800);
    EXPECT_FALSE(storage().Load<uint8_t>(At(uint64_t{1} << 42)));
    ExpectFault(PgmCode::kRegionSecondTranslation, (uint64_t{1} << 42) | 0x800);
    EXPECT_FALSE(storage().Load<uint8_t>(At(uint64_t{1} << 53)));
    ExpectFault(PgmCode::kRegionFirstTranslation, (uint64_t{1} << 53) | 0x800);
  });
}

TEST_F(GuestStorageTest, EachSpaceHasItsAsceAndItsNumber) {
  Store<uint64_t>(kPageTable + 0x31 * 8, 0x400);
  On(0, [&] {
    for (const uint64_t control : {0u, 2u, 3u}) {
      Dat(control << 46);
      EXPECT_FALSE(storage().Load<uint8_t>(At(0x31000)));
      ExpectFault(PgmCode::kPageTranslation, 0x31800 | control);
    }
    Dat(uint64_t{1} << 46);
    cpu().set_ar(5, 1);
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x31000, 5)));
    EXPECT_EQ(storage().Fault().interruption().exception_access_id, 5);
  });
}

// An access list of the dispatchable unit at 0x60080 with one entry, 1, for the space of the
// primary tables; its ASTE is at 0x61000.
class AccessRegisterTest : public GuestStorageTest {
 protected:
  static constexpr uint32_t kAlet = 0x00050001;  // ALESN 5, entry 1
  static constexpr uint64_t kEntry = 0x60080 + 16;
  static constexpr uint64_t kAste = 0x61000;

  void SetUp() override {
    GuestStorageTest::SetUp();
    Store<uint32_t>(0x62000 + 16, 0x60080);        // the table that CR2 names
    Store<uint64_t>(kEntry, 0x0005000000000000);   // ALESN 5
    Store<uint64_t>(kEntry + 8, kAste << 32 | 7);  // ASTESN 7
    Store<uint64_t>(kAste, 0x00063000'00000000);   // authority table at 0x63000, 16 indexes
    Store<uint64_t>(kAste + 8, kSegmentTable | 3);
    Store<uint32_t>(kAste + 20, 7);
    Store<uint32_t>(0x33000, 0x12345678);
    On(0, [&] {
      Dat(uint64_t{1} << 46);
      cpu().set_cr(2, 0x62000);
      cpu().set_ar(5, kAlet);
    });
  }
  void ExpectFaultOfLoad(PgmCode code, uint32_t alet = kAlet) {
    On(0, [&] {
      cpu().set_ar(5, alet);
      EXPECT_FALSE(storage().Load<uint32_t>(At(0x33000, 5)));
      const auto fault = storage().Fault().interruption();
      EXPECT_EQ(fault.code, code);
      EXPECT_EQ(fault.exception_access_id, 5);
    });
  }
};

TEST_F(AccessRegisterTest, AnEntryNamesASpace) {
  On(0, [&] { EXPECT_EQ(storage().Load<uint32_t>(At(0x33000, 5)), 0x12345678u); });
}

TEST_F(AccessRegisterTest, EveryWayToMissASpace) {
  ExpectFaultOfLoad(PgmCode::kAletSpecification, 0x02050001);
  ExpectFaultOfLoad(PgmCode::kAlenTranslation, 0x00050008);  // the list has eight entries
  ExpectFaultOfLoad(PgmCode::kAleSequence, 0x00060001);
  Store<uint32_t>(kAste + 20, 8);
  ExpectFaultOfLoad(PgmCode::kAsteSequence);
  Store<uint64_t>(kAste, 0x8006300000000000);
  ExpectFaultOfLoad(PgmCode::kAsteValidity);
  Store<uint64_t>(kEntry, 0x8005000000000000);
  ExpectFaultOfLoad(PgmCode::kAlenTranslation);
  On(0, [&] { cpu().set_cr(2, 0x7f000000); });
  ExpectFaultOfLoad(PgmCode::kAddressing);
}

TEST_F(AccessRegisterTest, APrivateEntryNeedsAuthority) {
  Store<uint64_t>(kEntry, 0x0105000900000000);  // private, for authorization index 9
  ExpectFaultOfLoad(PgmCode::kExtendedAuthority);
  On(0, [&] {
    cpu().set_cr(8, 9 << 16);
    EXPECT_TRUE(storage().Load<uint32_t>(At(0x33000, 5)));
  });
  Store<uint8_t>(0x63000, 0x01);  // secondary authority for index 3
  On(0, [&] {
    cpu().set_cr(8, 3 << 16);
    EXPECT_TRUE(storage().Load<uint32_t>(At(0x33000, 5)));
    cpu().set_cr(8, 16 << 16);
  });
  ExpectFaultOfLoad(PgmCode::kExtendedAuthority);
}

TEST_F(AccessRegisterTest, AFetchOnlyEntryProtects) {
  Store<uint64_t>(kEntry, 0x0205000000000000);
  On(0, [&] {
    EXPECT_TRUE(storage().Load<uint32_t>(At(0x33000, 5)));
    EXPECT_FALSE(storage().Store(At(0x33000, 5), uint8_t{1}));
    ExpectFault(PgmCode::kProtection, 0x3340d);
  });
}

TEST_F(GuestStorageTest, ProtectionByDat) {
  Store<uint64_t>(kPageTable + 0x31 * 8, 0x31200);
  On(0, [&] {
    EXPECT_TRUE(storage().Load<uint8_t>(At(0x31000)));
    EXPECT_FALSE(storage().Store(At(0x31000), uint8_t{1}));
    ExpectFault(PgmCode::kProtection, 0x31404);
    EXPECT_FALSE(storage().Check(At(0x31000), 1, GuestStorage::Access::kStore));
    storage().Fault();
  });
}

TEST_F(GuestStorageTest, ProtectionOfLowAddresses) {
  On(0, [&] {
    cpu().set_cr(0, cr0::kLowAddressProtection);
    for (const uint64_t address : {0u, 0x1ffu, 0x1000u, 0x11ffu}) {
      EXPECT_TRUE(storage().Load<uint8_t>(At(address)));
      EXPECT_FALSE(storage().Store(At(address), uint8_t{1})) << address;
      ExpectFault(PgmCode::kProtection, (address & ~0xfffu) | 0x480);
    }
    for (const uint64_t address : {0x200u, 0xfffu, 0x1200u, 0x2000u})
      EXPECT_TRUE(storage().Store(At(address), uint8_t{1})) << address;
    cpu().set_cr(1, kSegmentTable | 3 | 0x100);  // a private space
    EXPECT_TRUE(storage().Store(At(0), uint8_t{1}));
  });
}

TEST_F(GuestStorageTest, ProtectionByKey) {
  const uint64_t page = machine->memories().Locate("ram", 0x31000, 1)->raw() / 4096;
  device.keys[page] = 0x38;  // access control 3, fetch protection
  On(0, [&] {
    Dat(uint64_t{3} << 52);
    EXPECT_TRUE(storage().Store(At(0x31000), uint8_t{1}));
    Dat(uint64_t{4} << 52);
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x31000)));
    ExpectFault(PgmCode::kProtection, 0x31808);
    EXPECT_FALSE(storage().Store(At(0x31000), uint8_t{1}));
    ExpectFault(PgmCode::kProtection, 0x31408);
    device.keys[page] = 0x30;
    EXPECT_TRUE(storage().Load<uint8_t>(At(0x31000)));
    device.keys[page] = 0x98;
    EXPECT_FALSE(storage().Store(At(0x31000), uint8_t{1}));
    storage().Fault();
    cpu().set_cr(0, cr0::kStorageProtectionOverride);
    EXPECT_TRUE(storage().Store(At(0x31000), uint8_t{1}));
  });
}

TEST_F(GuestStorageTest, FetchProtectionIsOverriddenInTheFirstHalfOfPageZero) {
  const uint64_t page = machine->memories().Locate("ram", 0, 1)->raw() / 4096;
  device.keys[page] = 0x38;
  On(0, [&] {
    Dat(uint64_t{4} << 52);
    cpu().set_cr(0, cr0::kFetchProtectionOverride);
    EXPECT_TRUE(storage().Load<uint8_t>(At(0x7ff)));
    EXPECT_FALSE(storage().Load<uint8_t>(At(0x800)));
    storage().Fault();
  });
}

TEST_F(GuestStorageTest, RealAddressesArePrefixed) {
  On(0, [&] {
    cpu().set_prefix(0x6000);
    EXPECT_TRUE(storage().StoreReal(GuestReal(0x1ffc), uint64_t{0x1122334455667788}));
  });
  EXPECT_EQ(Load<uint32_t>(0x7ffc), 0x11223344u);
  EXPECT_EQ(Load<uint32_t>(0x2000), 0x55667788u);
  On(0, [&] {
    EXPECT_TRUE(storage().StoreReal(GuestReal(0x6010), uint32_t{0x99}));
    EXPECT_FALSE(storage().LoadReal<uint64_t>(GuestReal(kStorageSize - 4)));
    ExpectFault(PgmCode::kAddressing, 0);
  });
  EXPECT_EQ(Load<uint32_t>(0x10), 0x99u);
}

TEST_F(GuestStorageTest, AddressesWrapInTheAddressingMode) {
  Store<uint32_t>(0xfffffc & 0x3fffff, 0);
  On(0, [&] {
    cpu().set_psw({0, 0x5000});                            // 24-bit mode
    EXPECT_FALSE(storage().Load<uint64_t>(At(0xfffffc)));  // 16 MiB - 4 is no storage here
    ExpectFault(PgmCode::kAddressing, 0);
    const Cpu& registers = cpu();
    fake().run.s.regs.gprs[3] = 0xff000010;
    EXPECT_EQ(RegisterOperand(registers, 3).address.raw(), 0x10u);
    fake().run.s.regs.gprs[3] = 0xffffffff00000010;
    EXPECT_EQ(LongDisplacementOperand(registers, 0x3ff0ff00).address.raw(), 0u);
    EXPECT_EQ(SecondOperand(registers, 0x3ff00000).address.raw(), 0x1000u);
    EXPECT_EQ(SecondOperand(registers, 0x0ff00000).address.raw(), 0xff0u);
    EXPECT_EQ(SseSecondOperand(registers, 0x00003008).address.raw(), 0x18u);
  });
}

TEST_F(GuestStorageTest, TheOpcodeAtThePswLatchesNothing) {
  Store<uint8_t>(0x5000, 0xeb);
  On(0, [&] {
    EXPECT_EQ(storage().OpcodeAtPsw(), 0xeb);
    cpu().set_psw({k64Bit | Psw::kDat, 0x100000});
    EXPECT_EQ(storage().OpcodeAtPsw(), std::nullopt);
    EXPECT_EQ(storage().Fault().interruption().code, PgmCode::kNone);
  });
}

}  // namespace
}  // namespace ucontrol
