#include "services/filter.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"
#include "services/failure.h"
#include "services/filter_match.h"

namespace services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kLongest = 4096;
constexpr int kDeepest = 32;

struct Token {
  enum class Kind { kWord, kString, kOperator, kOpen, kClose, kMinus, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
};

absl::Status Refuse(absl::string_view why) {
  return InvalidField("filter", why, "INVALID_FILTER");
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '/' ||
         c == '-' || c == '+' || c == '*';
}

absl::StatusOr<std::vector<Token>> Tokens(absl::string_view text) {
  std::vector<Token> tokens;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++i;
    } else if (c == '(' || c == ')') {
      tokens.push_back({c == '(' ? Token::Kind::kOpen : Token::Kind::kClose, {}});
      ++i;
    } else if (c == '"' || c == '\'') {
      Token token{Token::Kind::kString, {}};
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        token.text += text[i];
      }
      if (i++ >= text.size()) return Refuse("a string has no end");
      tokens.push_back(std::move(token));
    } else if (c == '=' || c == ':' || c == '<' || c == '>' || c == '!') {
      std::string sign(1, c);
      if (++i < text.size() && text[i] == '=' && c != '=' && c != ':') sign += text[i++];
      if (sign == "!") return Refuse("'!' stands alone; NOT or != was meant");
      tokens.push_back({Token::Kind::kOperator, std::move(sign)});
    } else if (c == '-' && (i + 1 == text.size() || !absl::ascii_isdigit(text[i + 1]))) {
      tokens.push_back({Token::Kind::kMinus, {}});
      ++i;
    } else if (IsWordCharacter(c)) {
      Token token{Token::Kind::kWord, {}};
      while (i < text.size() && IsWordCharacter(text[i])) token.text += text[i++];
      // A time of day has colons, which elsewhere are operators.
      if (token.text.size() >= 13 && token.text.find('T') == 10) {
        while (i < text.size() && (IsWordCharacter(text[i]) || text[i] == ':')) {
          token.text += text[i++];
        }
      }
      tokens.push_back(std::move(token));
    } else {
      return Refuse(absl::StrCat("character 0x", absl::Hex(static_cast<unsigned char>(c)),
                                 " at offset ", i, " isn't expected"));
    }
  }
  tokens.emplace_back();
  return tokens;
}

absl::StatusOr<Wanted> ParseValue(const FieldDescriptor& field, const std::string& text) {
  Wanted wanted;
  wanted.text = text;
  const auto refuse = [&](absl::string_view what) {
    return Refuse(absl::StrCat(field.name(), " is ", what, ", which '", text, "' isn't"));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return wanted;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return refuse("true or false");
      wanted.integer = text == "true";
      return wanted;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* type = field.enum_type();
      const auto* value = type->FindValueByName(text);
      if (!value) {
        // STATE_RUNNING may be written RUNNING: what the zero value has before UNSPECIFIED is left
        // out.
        const std::string zero = type->value(0)->name();
        value = type->FindValueByName(absl::StrCat(zero.substr(0, zero.rfind('_') + 1), text));
      }
      if (!value) return refuse(absl::StrCat("a ", type->name()));
      wanted.integer = value->number();
      return wanted;
    }
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!absl::SimpleAtod(text, &wanted.real)) return refuse("a number");
      return wanted;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (text == "*") return wanted;
      const std::string& type = field.message_type()->full_name();
      google::protobuf::Timestamp time;
      google::protobuf::Duration duration;
      using google::protobuf::util::TimeUtil;
      if (type == time.GetTypeName() && TimeUtil::FromString(text, &time)) {
        wanted.integer = TimeUtil::TimestampToNanoseconds(time);
        return wanted;
      }
      if (type == duration.GetTypeName() && TimeUtil::FromString(text, &duration)) {
        wanted.integer = TimeUtil::DurationToNanoseconds(duration);
        return wanted;
      }
      return refuse("a message; times are written as 2026-01-31T10:00:00Z");
    }
    default:
      if (!absl::SimpleAtoi(text, &wanted.integer)) return refuse("an integer");
      return wanted;
  }
}

class Parser {
 public:
  Parser(const Descriptor& type, std::vector<Token> tokens)
      : type_(type), tokens_(std::move(tokens)) {}

  absl::StatusOr<Filter> Parse() {
    absl::StatusOr<Filter> filter = Expression(0);
    if (!filter.ok()) return filter;
    if (Peek().kind != Token::Kind::kEnd) return Refuse("something stands behind its end");
    return filter;
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  bool Accept(Token::Kind kind) {
    if (Peek().kind != kind) return false;
    ++next_;
    return true;
  }
  bool AcceptWord(absl::string_view word) {
    if (Peek().kind != Token::Kind::kWord || absl::string_view(Peek().text) != word) return false;
    ++next_;
    return true;
  }

  // AND binds less than OR (AIP-160), and may be left out.
  absl::StatusOr<Filter> Expression(int depth) {
    if (depth > kDeepest) return Refuse("its brackets nest too deep");
    std::vector<Filter> all;
    do {
      absl::StatusOr<Filter> factor = Alternatives(depth);
      if (!factor.ok()) return factor;
      all.push_back(*std::move(factor));
      AcceptWord("AND");
    } while (Peek().kind != Token::Kind::kEnd && Peek().kind != Token::Kind::kClose);
    return Filter([all = std::move(all)](const Message& message) {
      for (const Filter& filter : all)
        if (!filter(message)) return false;
      return true;
    });
  }

  absl::StatusOr<Filter> Alternatives(int depth) {
    std::vector<Filter> any;
    do {
      absl::StatusOr<Filter> term = Term(depth);
      if (!term.ok()) return term;
      any.push_back(*std::move(term));
    } while (AcceptWord("OR"));
    return Filter([any = std::move(any)](const Message& message) {
      for (const Filter& filter : any)
        if (filter(message)) return true;
      return false;
    });
  }

  absl::StatusOr<Filter> Term(int depth) {
    const bool negated = AcceptWord("NOT") || Accept(Token::Kind::kMinus);
    absl::StatusOr<Filter> filter = Accept(Token::Kind::kOpen) ? Bracket(depth) : Comparing();
    if (!filter.ok() || !negated) return filter;
    return Filter(
        [filter = *std::move(filter)](const Message& message) { return !filter(message); });
  }

  absl::StatusOr<Filter> Bracket(int depth) {
    absl::StatusOr<Filter> filter = Expression(depth + 1);
    if (filter.ok() && !Accept(Token::Kind::kClose)) return Refuse("a ')' is missing");
    return filter;
  }

  absl::StatusOr<Filter> Comparing() {
    if (Peek().kind != Token::Kind::kWord) return Refuse("a field's name is missing");
    const std::string name = tokens_[next_++].text;
    Restriction restriction;
    if (absl::Status resolved = Resolve(name, restriction); !resolved.ok()) return resolved;
    if (Peek().kind != Token::Kind::kOperator) {
      return Refuse(absl::StrCat("behind ", name, " a comparison is missing"));
    }
    restriction.comparison = OperatorOf(tokens_[next_++].text);
    if (Peek().kind != Token::Kind::kWord && Peek().kind != Token::Kind::kString) {
      return Refuse(absl::StrCat("a value to compare ", name, " with is missing"));
    }
    const std::string text = tokens_[next_++].text;
    const FieldDescriptor* field = restriction.path.back();
    if (field->is_map()) {
      if (restriction.key.empty()) {
        if (restriction.comparison != Comparison::kHas) {
          return Refuse(
              absl::StrCat(name, " is a map: write ", name, ":KEY or ", name, ".KEY = ..."));
        }
        restriction.wanted.text = text;
      } else {
        absl::StatusOr<Wanted> wanted = ParseValue(*field->message_type()->map_value(), text);
        if (!wanted.ok()) return wanted.status();
        restriction.wanted = *std::move(wanted);
      }
    } else {
      absl::StatusOr<Wanted> wanted = ParseValue(*field, text);
      if (!wanted.ok()) return wanted.status();
      restriction.wanted = *std::move(wanted);
    }
    return Filter([restriction = std::move(restriction)](const Message& message) {
      return Matches(restriction, message);
    });
  }

  static Comparison OperatorOf(const std::string& sign) {
    if (sign == "=") return Comparison::kEqual;
    if (sign == "!=") return Comparison::kUnequal;
    if (sign == "<") return Comparison::kLess;
    if (sign == "<=") return Comparison::kAtMost;
    if (sign == ">") return Comparison::kGreater;
    if (sign == ">=") return Comparison::kAtLeast;
    return Comparison::kHas;
  }

  absl::Status Resolve(absl::string_view name, Restriction& restriction) const {
    const Descriptor* type = &type_;
    while (!name.empty()) {
      const size_t dot = std::min(name.find('.'), name.size());
      const std::string part(name.data(), dot);
      const FieldDescriptor* field = type ? type->FindFieldByName(part) : nullptr;
      if (!field) return Refuse(absl::StrCat(type_.name(), " has no field '", name, "'"));
      restriction.path.push_back(field);
      name.remove_prefix(std::min(dot + 1, name.size()));
      if (field->is_map()) {
        restriction.key = std::string(name.data(), name.size());
        return absl::OkStatus();
      }
      type = field->message_type();
    }
    return absl::OkStatus();
  }

  const Descriptor& type_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<Filter> ParseFilter(const Descriptor& type, absl::string_view text) {
  if (text.size() > kLongest) return Refuse("it is longer than 4096 bytes");
  absl::StatusOr<std::vector<Token>> tokens = Tokens(text);
  if (!tokens.ok()) return tokens.status();
  if (tokens->size() == 1) return Filter([](const Message&) { return true; });
  return Parser(type, *std::move(tokens)).Parse();
}

}  // namespace services
