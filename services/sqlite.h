// A SQLite database: statements that are prepared once and bound by position.
#ifndef SERVICES_SQLITE_H_
#define SERVICES_SQLITE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace services {

// One thread at a time.
class Sqlite {
 public:
  // Written ahead (WAL), and durable at every commit (synchronous=FULL).
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  absl::Status Execute(const char* sql);

  class Statement {
   public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;

    // Parameters in their order, from the first; what is bound lives until the next Reset.
    Statement& Reset();
    Statement& Text(absl::string_view value);
    Statement& Blob(absl::string_view value);
    Statement& Integer(int64_t value);

    // True if there is a row, false behind the last.
    absl::StatusOr<bool> Step();
    absl::Status Run();

    // Of the present row.
    std::string ColumnBytes(int column) const;
    int64_t ColumnInteger(int column) const;

   private:
    sqlite3_stmt* statement_ = nullptr;
    int parameter_ = 0;
  };
  absl::StatusOr<Statement> Prepare(const char* sql);

 private:
  explicit Sqlite(sqlite3* database) : database_(database) {}

  sqlite3* database_;
};

}  // namespace services

#endif  // SERVICES_SQLITE_H_
