// The requests that a kind of file answers, as a table: code, what its argument is, who answers.
//
// In<S, F> copies the caller's S first and answers EFAULT if it can't; Out<S, F> copies S back
// after F answered 0; InOut does both. A row without one of them takes the argument as a value.
#ifndef HYPERVISOR_CORE_REQUEST_H_
#define HYPERVISOR_CORE_REQUEST_H_

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "hypervisor/core/user_copy.h"

namespace hypervisor {

template <typename Object>
struct Request {
  uint32_t code;
  int64_t (*answer)(Object&, uint64_t argument);
};

template <typename Object, typename Structure, int64_t (*Answer)(Object&, const Structure&)>
int64_t In(Object& object, uint64_t argument) {
  Structure structure;
  if (!CopyFromUser(&structure, argument, sizeof(structure))) return -EFAULT;
  return Answer(object, structure);
}

template <typename Object, typename Structure, int64_t (*Answer)(Object&, Structure&)>
int64_t Out(Object& object, uint64_t argument) {
  Structure structure{};
  const int64_t result = Answer(object, structure);
  if (result < 0) return result;
  if (!CopyToUser(argument, &structure, sizeof(structure))) return -EFAULT;
  return result;
}

template <typename Object, typename Structure, int64_t (*Answer)(Object&, Structure&)>
int64_t InOut(Object& object, uint64_t argument) {
  Structure structure;
  if (!CopyFromUser(&structure, argument, sizeof(structure))) return -EFAULT;
  const int64_t result = Answer(object, structure);
  if (result < 0) return result;
  if (!CopyToUser(argument, &structure, sizeof(structure))) return -EFAULT;
  return result;
}

template <int Error, typename Object>
int64_t Refuse(Object&, uint64_t) {
  return -Error;
}

// The table in the order in which FindRequest wants it.
template <typename Object, size_t Size>
constexpr std::array<Request<Object>, Size> ByCode(std::array<Request<Object>, Size> table) {
  std::sort(table.begin(), table.end(),
            [](const Request<Object>& a, const Request<Object>& b) { return a.code < b.code; });
  return table;
}

// The row of `code`, or null.
template <typename Object, size_t Size>
const Request<Object>* FindRequest(const std::array<Request<Object>, Size>& table, uint32_t code) {
  const auto row =
      std::lower_bound(table.begin(), table.end(), code,
                       [](const Request<Object>& r, uint32_t wanted) { return r.code < wanted; });
  return row != table.end() && row->code == code ? &*row : nullptr;
}

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_REQUEST_H_
