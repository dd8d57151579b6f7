// The message-security assist against known answers of the standards behind it.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kParameters = 0x30000;
constexpr uint64_t kText = 0x40000;
constexpr uint64_t kResult = 0x50000;

std::vector<uint8_t> Bytes(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

class CryptographyTest : public testing::Test {
 protected:
  void Put(uint64_t address, const std::string& hex) {
    const auto bytes = Bytes(hex);
    std::memcpy(machine_.At(address), bytes.data(), bytes.size());
  }
  std::string Hex(uint64_t address, uint32_t length) {
    std::string hex;
    for (uint32_t i = 0; i < length; ++i) {
      constexpr char kDigits[] = "0123456789abcdef";
      hex += kDigits[*machine_.At(address + i) >> 4];
      hex += kDigits[*machine_.At(address + i) & 15];
    }
    return hex;
  }
  // Runs one RRE instruction with R1 = 2 (result), R2 = 4 (text of `length`) until its CC is not 3.
  void Execute(uint8_t opcode, uint64_t function, uint64_t length) {
    machine_.PutCode(GuestMachine::kProgram, {0xb9, opcode, 0x00, 0x24,  // the instruction
                                              0xa7, 0x14, 0xff, 0xfe,    // jo to it: CC 3
                                              0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.cpu.gpr[0] = function;
    machine_.cpu.gpr[1] = kParameters;
    machine_.cpu.gpr[2] = kResult;
    machine_.cpu.gpr[4] = kText;
    machine_.cpu.gpr[5] = length;
    machine_.Run();
    ASSERT_EQ(machine_.block.icptcode, 4);
  }

  GuestMachine machine_;
};

TEST_F(CryptographyTest, AesEnciphersAsFips197Says) {
  Put(kParameters, "000102030405060708090a0b0c0d0e0f");
  Put(kText, "00112233445566778899aabbccddeeff");
  Execute(0x2e, 18, 16);
  EXPECT_EQ(Hex(kResult, 16), "69c4e0d86a7b0430d8cdb78070b4c55a");
  EXPECT_EQ(machine_.cpu.gpr[2], kResult + 16);
  EXPECT_EQ(machine_.cpu.gpr[5], 0u);
}

TEST_F(CryptographyTest, AesDeciphersWhatItEnciphered) {
  Put(kParameters, "000102030405060708090a0b0c0d0e0f");
  Put(kText, "69c4e0d86a7b0430d8cdb78070b4c55a");
  Execute(0x2e, 18 | 0x80, 16);
  EXPECT_EQ(Hex(kResult, 16), "00112233445566778899aabbccddeeff");
}

TEST_F(CryptographyTest, DeaEnciphersItsClassicExample) {
  Put(kParameters, "133457799bbcdff1");
  Put(kText, "0123456789abcdef");
  Execute(0x2e, 1, 8);
  EXPECT_EQ(Hex(kResult, 8), "85e813540f0ab405");
}

// NIST SP 800-38A, F.2.1.
TEST_F(CryptographyTest, ChainingLeavesTheNextValueInTheParameterBlock) {
  Put(kParameters, "000102030405060708090a0b0c0d0e0f2b7e151628aed2a6abf7158809cf4f3c");
  Put(kText, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  Execute(0x2f, 18, 32);
  EXPECT_EQ(Hex(kResult, 32), "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
  EXPECT_EQ(Hex(kParameters, 16), "5086cb9b507219ee95db113a917678b2");
}

TEST_F(CryptographyTest, LongMessagesAreEncipheredInUnits) {
  Put(kParameters, "000102030405060708090a0b0c0d0e0f");
  Execute(0x2e, 18, 0x8000);
  EXPECT_EQ(Hex(kResult + 0x7ff0, 16), "c6a13b37878f5b826f4f8162a1c8d879");
  EXPECT_EQ(machine_.cpu.gpr[4], kText + 0x8000);
}

TEST_F(CryptographyTest, Sha256OfAbc) {
  Put(kParameters,
      "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd190000000000000018");
  Put(kText, "616263");
  Execute(0x3f, 2, 3);
  EXPECT_EQ(Hex(kParameters, 32),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(CryptographyTest, Sha1OfAbc) {
  Put(kParameters, "67452301efcdab8998badcfe10325476c3d2e1f00000000000000018");
  Put(kText, "616263");
  Execute(0x3f, 1, 3);
  EXPECT_EQ(Hex(kParameters, 20), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST_F(CryptographyTest, Sha512OfAbc) {
  Put(kParameters,
      "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1510e527fade682d19b05688c2b3e"
      "6c1f"
      "1f83d9abfb41bd6b5be0cd19137e217900000000000000000000000000000018");
  Put(kText, "616263");
  Execute(0x3f, 3, 3);
  EXPECT_EQ(Hex(kParameters, 64),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c"
            "23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f");
}

// GCM specification, test case 2: the hash of one block of ciphertext, without the lengths.
TEST_F(CryptographyTest, GhashMultipliesInTheFieldOfGcm) {
  Put(kParameters, "0000000000000000000000000000000066e94bd4ef8a2c3b884cfa59ca342b2e");
  Put(kText, "0388dace60b6a392f328c2b971b2fe78");
  Execute(0x3e, 65, 16);
  EXPECT_EQ(Hex(kParameters, 16), "5e2ec746917062882c85b0685353deb7");
}

// NIST SP 800-38B, D.1: example 2, a whole block, and example 1, an empty message.
TEST_F(CryptographyTest, CmacOfAWholeBlockAndOfNothing) {
  Put(kParameters,
      "80000000000000006bc1bee22e409f96e93d7e117393172a00000000000000000000000000000000"
      "2b7e151628aed2a6abf7158809cf4f3c");
  Execute(0x2c, 18, 0);
  EXPECT_EQ(Hex(kParameters + 24, 16), "070a16b46b4d4144f79bdd9dd04a287c");
  Put(kParameters,
      "00000000000000006bc1bee22e409f96e93d7e117393172a00000000000000000000000000000000"
      "2b7e151628aed2a6abf7158809cf4f3c");
  Execute(0x2c, 18, 0);
  EXPECT_EQ(Hex(kParameters + 24, 16), "bb1d6929e95937287fa37d129b756746");
}

// IEEE 1619, vector 2, with its tweak computed by PCC.
TEST_F(CryptographyTest, XtsTakesItsParameterFromPcc) {
  Put(kParameters,
      "22222222222222222222222222222222"
      "33333333330000000000000000000000"
      "00000000000000000000000000000000"
      "00000000000000000000000000000000"
      "00000000000000000000000000000000");
  Execute(0x2c, 50, 0);
  const std::string parameter = Hex(kParameters + 64, 16);
  Put(kParameters, "11111111111111111111111111111111" + parameter);
  Put(kText, "4444444444444444444444444444444444444444444444444444444444444444");
  Execute(0x2e, 50, 32);
  EXPECT_EQ(Hex(kResult, 32), "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0");
}

TEST_F(CryptographyTest, ALengthThatIsNoMultipleOfTheBlockIsASpecificationException) {
  machine_.PutCode(GuestMachine::kProgram, {0xb9, 0x2e, 0x00, 0x24});
  machine_.cpu.gpr[0] = 18;
  machine_.cpu.gpr[5] = 15;
  machine_.Run();
  EXPECT_EQ(machine_.block.icptcode, 8);
  EXPECT_EQ(machine_.block.iprcc, 6);
}

TEST_F(CryptographyTest, TheGeneratorNeedsASeedAndThenRepeatsItself) {
  Put(kText, "00112233445566778899aabbccddeeff");
  Execute(0x3c, 3 | 0x80, 16);
  const std::string seeded = Hex(kParameters, 240);
  machine_.cpu.gpr[3] = 64;
  Execute(0x3c, 3, 0);
  const std::string first = Hex(kResult, 64);
  EXPECT_NE(Hex(kParameters, 240), seeded);
  Put(kParameters, seeded);
  machine_.cpu.gpr[3] = 64;
  Execute(0x3c, 3, 0);
  EXPECT_EQ(Hex(kResult, 64), first);
  EXPECT_NE(first, std::string(128, '0'));
}

}  // namespace
}  // namespace hypervisor
