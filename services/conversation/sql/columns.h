// A table's columns, each beside the member of the row struct that it fills: selects, the insert
// and the reader are made of the one list, so that a column is added in one line.
//
//   inline constexpr auto kNoteColumns = std::to_array<Column<NoteRow>>({
//       Field<&NoteRow::note_id>("note_id"),
//       Field<&NoteRow::text>("text"),
//   });
//   constexpr SqlText kFind = {"select ", NamesOf(kNoteColumns), " from notes where note_id = $1"};
//   constexpr SqlText kInsert = InsertInto("notes", kNoteColumns);
//   tx.Execute(kInsert, ValuesOf(kNoteColumns, note));
//   NoteRow note = RowOf(kNoteColumns, row);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// The text of a statement, put together while compiling.
class SqlText {
 public:
  consteval SqlText(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
      Add(part);
  }
  constexpr operator std::string_view() const {  // NOLINT(google-explicit-constructor)
    return {text_.data(), size_};
  }
  // Of a constant only: statements outlive the database.
  constexpr operator sql::Statement() const {  // NOLINT(google-explicit-constructor)
    return {.text = text_.data()};
  }
  // A text that is too long does not compile.
  constexpr void Add(std::string_view part) {
    for (const char c : part)
      text_.at(size_++) = c;
    text_.at(size_) = '\0';
  }
  constexpr void AddNumber(size_t number) {
    if (number >= 10) AddNumber(number / 10);
    const char digit = static_cast<char>('0' + number % 10);
    Add({&digit, 1});
  }

 private:
  std::array<char, 2048> text_{};
  size_t size_ = 0;
};

template <class Struct>
struct Column {
  const char* name;
  void (*read)(const sql::Row& row, int column, Struct& into);  // null: not read with the others
  sql::Value (*write)(const Struct& from);
};

inline void ReadValue(const sql::Row& row, int column, std::string& into) {
  into = row.Text(column);
}
inline void ReadValue(const sql::Row& row, int column, bool& into) {
  into = row.Bool(column);
}
inline void ReadValue(const sql::Row& row, int column, int& into) {
  into = row.Int(column);
}
inline void ReadValue(const sql::Row& row, int column, int64_t& into) {
  into = row.Int64(column);
}
inline void ReadValue(const sql::Row& row, int column, absl::Time& into) {
  into = row.Time(column);
}
inline void ReadValue(const sql::Row& row, int column, std::optional<absl::Time>& into) {
  into = row.OptionalTime(column);
}
inline void ReadValue(const sql::Row& row, int column, std::optional<std::string>& into) {
  if (!row.IsNull(column)) into = row.Text(column);
}

template <class Member>
struct MemberOf;
template <class Struct_, class Type>
struct MemberOf<Type Struct_::*> {
  using Struct = Struct_;
};

// A member as it is.
template <auto member>
consteval auto Field(const char* name) {
  using Struct = typename MemberOf<decltype(member)>::Struct;
  return Column<Struct>{.name = name,
                        .read = [](const sql::Row& row, int column,
                                   Struct& into) { ReadValue(row, column, into.*member); },
                        .write = [](const Struct& from) { return sql::Value(from.*member); }};
}

// A member that is bytes.
template <auto member>
consteval auto Blob(const char* name) {
  using Struct = typename MemberOf<decltype(member)>::Struct;
  return Column<Struct>{
      .name = name,
      .read = [](const sql::Row& row, int column,
                 Struct& into) { into.*member = row.Blob(column); },
      .write = [](const Struct& from) { return sql::Value(sql::Bytes{from.*member}); }};
}

// The names of the columns that are read, `prefix` before each.
template <class Columns>
consteval SqlText NamesOf(const Columns& columns, std::string_view prefix = "") {
  SqlText names{};
  bool first = true;
  for (const auto& column : columns) {
    if (column.read == nullptr) continue;
    if (!first) names.Add(", ");
    first = false;
    names.Add(prefix);
    names.Add(column.name);
  }
  return names;
}

// The statement that inserts a row, all its columns; its parameters are ValuesOf the row, then the
// `key`, where the rows have one that is no member of the struct.
template <class Columns>
consteval SqlText InsertInto(std::string_view table,
                             const Columns& columns,
                             std::string_view key = "") {
  SqlText insert = {"insert into ", table, " ("};
  SqlText values{};
  size_t count = 0;
  const auto add = [&](std::string_view name) {
    if (count > 0) insert.Add(", ");
    insert.Add(name);
    values.Add(count > 0 ? ", $" : "$");
    values.AddNumber(++count);
  };
  for (const auto& column : columns)
    add(column.name);
  if (!key.empty()) add(key);
  insert.Add(") values (");
  insert.Add(values);
  insert.Add(")");
  return insert;
}

// How many columns are read: what a select adds to them comes at this position.
template <class Columns>
consteval int CountOf(const Columns& columns) {
  int count = 0;
  for (const auto& column : columns)
    count += column.read != nullptr ? 1 : 0;
  return count;
}

template <class Struct, size_t size>
std::vector<sql::Value> ValuesOf(const std::array<Column<Struct>, size>& columns,
                                 const Struct& from) {
  std::vector<sql::Value> values;
  values.reserve(size);
  for (const Column<Struct>& column : columns)
    values.push_back(column.write(from));
  return values;
}

// The struct that a row of NamesOf(columns) is, which begins at `position` of `row`.
template <class Struct, size_t size>
Struct RowOf(const std::array<Column<Struct>, size>& columns,
             const sql::Row& row,
             int position = 0) {
  Struct into;
  for (const Column<Struct>& column : columns) {
    if (column.read != nullptr) column.read(row, position++, into);
  }
  return into;
}

}  // namespace dramatis::conversation
