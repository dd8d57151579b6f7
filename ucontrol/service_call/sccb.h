// The service-call control block, as one call works on it: a copy of the guest's bytes, which the
// guest can't change meanwhile.
#ifndef UCONTROL_SERVICE_CALL_SCCB_H_
#define UCONTROL_SERVICE_CALL_SCCB_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ucontrol/big_endian.h"
#include "ucontrol/service_call/response.h"

namespace ucontrol {

class Sccb {
 public:
  static constexpr size_t kHeader = 8;

  // At least a header; as long as its length field says.
  explicit Sccb(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}

  size_t size() const { return bytes_.size(); }
  std::span<const uint8_t> bytes() const { return bytes_; }
  std::span<uint8_t> rest() { return std::span(bytes_).subspan(kHeader); }

  uint8_t function_code() const { return bytes_[2]; }
  bool variable_length_response() const { return (bytes_[5] & 0x80) != 0; }
  Response response() const { return static_cast<Response>(Load<uint16_t>(6)); }
  void set_response(Response response) { Store(6, static_cast<uint16_t>(response)); }

  // The response is `length` bytes long, instead of the whole SCCB.
  void Shorten(size_t length) {
    Store(0, static_cast<uint16_t>(length));
    bytes_[5] &= 0x7f;
  }

  // Offsets from the SCCB's start; the caller has compared them with size().
  template <typename T>
  T Load(size_t offset) const {
    return LoadBigEndian<T>(&bytes_[offset]);
  }
  template <typename T>
  void Store(size_t offset, T value) {
    StoreBigEndian<T>(&bytes_[offset], value);
  }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_SCCB_H_
