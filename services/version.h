#ifndef SERVICES_VERSION_H_
#define SERVICES_VERSION_H_

namespace services {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace services

#endif  // SERVICES_VERSION_H_
