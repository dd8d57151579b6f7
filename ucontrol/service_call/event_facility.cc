#include "ucontrol/service_call/event_facility.h"

#include <algorithm>

namespace ucontrol {
namespace {

constexpr uint8_t kNormalWrite = 0;
constexpr uint8_t kUnconditionalRead = 0;
constexpr uint8_t kSelectiveRead = 1;
constexpr uint8_t kBufferAccepted = 0x80;
constexpr size_t kReadLength = 4096;
constexpr size_t kMasks = 12;
constexpr uint16_t kMaskLimit = 1021;

// A mask of any length, as 64 bits: types beyond 64 don't exist here.
uint64_t LoadMask(const Sccb& sccb, size_t offset, size_t length) {
  uint64_t mask = 0;
  for (size_t i = 0; i < 8; ++i) {
    mask = mask << 8 | (i < length ? sccb.Load<uint8_t>(offset + i) : 0);
  }
  return mask;
}

void StoreMask(Sccb& sccb, size_t offset, size_t length, uint64_t mask) {
  for (size_t i = 0; i < length; ++i, mask <<= 8) {
    sccb.Store<uint8_t>(offset + i, static_cast<uint8_t>(mask >> 56));
  }
}

// Whether the buffers from the header to the end of the SCCB follow each other without a gap.
bool BuffersFit(const Sccb& sccb) {
  size_t offset = Sccb::kHeader;
  while (offset < sccb.size()) {
    const size_t left = sccb.size() - offset;
    if (left < kEventHeader) return false;
    const size_t length = sccb.Load<uint16_t>(offset);
    if (length < kEventHeader || length > left) return false;
    offset += length;
  }
  return true;
}

}  // namespace

uint64_t EventFacility::accepted() const {
  uint64_t mask = 0;
  for (const EventType* type : types_) mask |= type->comes_from_guest() ? Bit(type->type()) : 0;
  return mask;
}

uint64_t EventFacility::sent() const {
  uint64_t mask = 0;
  for (const EventType* type : types_) mask |= type->goes_to_guest() ? Bit(type->type()) : 0;
  return mask;
}

bool EventFacility::pending() const {
  return std::ranges::any_of(types_, [this](const EventType* type) {
    return wants(*type) && type->goes_to_guest() && type->pending();
  });
}

void EventFacility::WriteEventMask(Sccb& sccb) {
  if (sccb.size() < kMasks) return sccb.set_response(Response::kInsufficientLength);
  const auto length = sccb.Load<uint16_t>(10);
  if (length == 0 || length > kMaskLimit) return sccb.set_response(Response::kInvalidMaskLength);
  if (sccb.size() < kMasks + size_t{4} * length) {
    return sccb.set_response(Response::kInsufficientLength);
  }
  // The guest's receive and send masks, then ours.
  wanted_ = LoadMask(sccb, kMasks, length);
  StoreMask(sccb, kMasks + size_t{2} * length, length, accepted());
  StoreMask(sccb, kMasks + size_t{3} * length, length, sent());
  sccb.set_response(Response::kNormalCompletion);
}

void EventFacility::WriteEventData(Sccb& sccb) {
  if (sccb.function_code() != kNormalWrite) return sccb.set_response(Response::kInvalidFunction);
  if (sccb.size() < Sccb::kHeader + kEventHeader) {
    return sccb.set_response(Response::kInsufficientLength);
  }
  if (!BuffersFit(sccb)) return sccb.set_response(Response::kEventBufferSyntax);

  for (size_t offset = Sccb::kHeader; offset < sccb.size();) {
    const size_t length = sccb.Load<uint16_t>(offset);
    const auto code = sccb.Load<uint8_t>(offset + 2);
    const auto type = std::ranges::find_if(types_, [code](const EventType* candidate) {
      return candidate->type() == code && candidate->comes_from_guest();
    });
    if (type == types_.end()) return sccb.set_response(Response::kInvalidFunction);
    (*type)->Accept(sccb.bytes().subspan(offset + kEventHeader, length - kEventHeader));
    sccb.Store<uint8_t>(offset + 3, sccb.Load<uint8_t>(offset + 3) | kBufferAccepted);
    offset += length;
  }
  sccb.set_response(Response::kNormalCompletion);
}

void EventFacility::ReadEventData(Sccb& sccb) {
  if (sccb.size() != kReadLength) return sccb.set_response(Response::kInsufficientLength);
  uint64_t selected = wanted_;
  switch (sccb.function_code()) {
    case kUnconditionalRead:
      break;
    case kSelectiveRead:
      selected = LoadMask(sccb, 16, 8);
      if (wanted_ == 0 || (selected & ~wanted_) != 0) {
        return sccb.set_response(Response::kInvalidSelectionMask);
      }
      break;
    default:
      return sccb.set_response(Response::kInvalidFunction);
  }

  size_t used = 0;
  for (EventType* type : types_) {
    if (!(selected & Bit(type->type())) || !type->goes_to_guest()) continue;
    const auto room = sccb.rest().subspan(used);
    if (room.size() < kEventHeader) break;
    const size_t length = type->Take(room.subspan(kEventHeader));
    if (length == 0) continue;
    StoreBigEndian<uint16_t>(&room[0], static_cast<uint16_t>(kEventHeader + length));
    room[2] = type->type();
    room[3] = 0;
    StoreBigEndian<uint16_t>(&room[4], 0);
    used += kEventHeader + length;
  }
  if (used == 0) return sccb.set_response(Response::kNoEventBuffers);
  if (sccb.variable_length_response()) sccb.Shorten(Sccb::kHeader + used);
  sccb.set_response(Response::kNormalCompletion);
}

}  // namespace ucontrol
