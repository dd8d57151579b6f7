#include "hypervisor/sie/assist/crypto/block_cipher.h"

#include <cstring>

namespace hypervisor::crypto {
namespace {

const EVP_CIPHER* CipherOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kAes128:
      return EVP_aes_128_ecb();
    case Algorithm::kAes192:
      return EVP_aes_192_ecb();
    case Algorithm::kAes256:
      return EVP_aes_256_ecb();
    default:
      return EVP_des_ede3_ecb();
  }
}

}  // namespace

BlockCipher::BlockCipher(Algorithm algorithm, const uint8_t* key, bool decipher)
    : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
  // DEA and the two-key form are the three-key form with keys repeated.
  uint8_t full[32];
  const uint32_t length = KeyLength(algorithm);
  std::memcpy(full, key, length);
  if (algorithm == Algorithm::kDea) std::memcpy(full + 8, key, 8);
  if (algorithm <= Algorithm::kTdea128) std::memcpy(full + 16, key, 8);
  EVP_CipherInit_ex(context_.get(), CipherOf(algorithm), nullptr, full, nullptr, decipher ? 0 : 1);
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
}

void BlockCipher::Apply(const uint8_t* in, uint8_t* out, uint32_t length) {
  int written = 0;
  EVP_CipherUpdate(context_.get(), out, &written, in, static_cast<int>(length));
}

}  // namespace hypervisor::crypto
