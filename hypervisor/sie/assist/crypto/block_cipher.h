// One key of AES or DEA, applied to single blocks; the arithmetic is OpenSSL's.
#ifndef HYPERVISOR_SIE_ASSIST_CRYPTO_BLOCK_CIPHER_H_
#define HYPERVISOR_SIE_ASSIST_CRYPTO_BLOCK_CIPHER_H_

#include <openssl/evp.h>

#include <cstdint>
#include <memory>

namespace hypervisor::crypto {

enum class Algorithm : uint8_t { kDea, kTdea128, kTdea192, kAes128, kAes192, kAes256 };

constexpr uint32_t KeyLength(Algorithm algorithm) {
  constexpr uint32_t kLengths[] = {8, 16, 24, 16, 24, 32};
  return kLengths[static_cast<int>(algorithm)];
}
constexpr uint32_t BlockLength(Algorithm algorithm) {
  return algorithm < Algorithm::kAes128 ? 8 : 16;
}

class BlockCipher {
 public:
  BlockCipher(Algorithm algorithm, const uint8_t* key, bool decipher);

  // `length` is a multiple of the block length; in and out may be the same.
  void Apply(const uint8_t* in, uint8_t* out, uint32_t length);

 private:
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

}  // namespace hypervisor::crypto

#endif  // HYPERVISOR_SIE_ASSIST_CRYPTO_BLOCK_CIPHER_H_
