#include "services/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

absl::Status Failure(sqlite3* database, absl::string_view what) {
  const char* message = database ? sqlite3_errmsg(database) : "out of memory";
  return absl::UnavailableError(absl::StrCat("registry: ", what, ": ", message));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &database,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  std::unique_ptr<Sqlite> opened(new Sqlite(database));
  if (result != SQLITE_OK) return Failure(database, path);
  for (const char* pragma :
       {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA locking_mode=EXCLUSIVE",
        "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF"}) {
    if (absl::Status status = opened->Execute(pragma); !status.ok()) return status;
  }
  return opened;
}

Sqlite::~Sqlite() {
  sqlite3_close_v2(database_);
}

absl::Status Sqlite::Execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return Failure(database_, sql);
  }
  return absl::OkStatus();
}

absl::StatusOr<Sqlite::Statement> Sqlite::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return Failure(database_, sql);
  }
  return Statement(statement);
}

Sqlite::Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Sqlite::Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), parameter_(other.parameter_) {}

Sqlite::Statement& Sqlite::Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(parameter_, other.parameter_);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Reset() {
  sqlite3_reset(statement_);
  parameter_ = 0;
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Text(absl::string_view value) {
  sqlite3_bind_text64(statement_, ++parameter_, value.data() ? value.data() : "", value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Blob(absl::string_view value) {
  sqlite3_bind_blob64(statement_, ++parameter_, value.data() ? value.data() : "", value.size(),
                      SQLITE_STATIC);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Integer(int64_t value) {
  sqlite3_bind_int64(statement_, ++parameter_, value);
  return *this;
}

absl::StatusOr<bool> Sqlite::Statement::Step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return Failure(sqlite3_db_handle(statement_), sqlite3_sql(statement_));
  }
}

absl::Status Sqlite::Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  sqlite3_reset(statement_);
  return row.status();
}

std::string Sqlite::Statement::ColumnBytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int length = sqlite3_column_bytes(statement_, column);
  return std::string(static_cast<const char*>(bytes), bytes ? length : 0);
}

int64_t Sqlite::Statement::ColumnInteger(int column) const {
  return sqlite3_column_int64(statement_, column);
}

}  // namespace services
