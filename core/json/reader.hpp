// JSON read where it lies: slices of the original bytes instead of a tree. For answers that are passed on untouched
// (a tree would lose digits of large numbers, the order and the repetition of keys) and of which only a few members
// are looked at. Pure functions, linear in the length of their input.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace nodescope {

/// Values nested deeper than this are refused: beyond what any answer we read needs, and small enough for the stack.
inline constexpr std::size_t json_depth_limit = 128;

enum class json_kind { object, array, string, number, boolean, null };

/// Checks that `text` is one JSON value (RFC 8259) with nothing but white space around it, and gives that value
/// without the white space. Bytes above 0x7f inside strings are not checked to be UTF-8. failure::malformed with what
/// is wrong and at which byte; that is also what the functions below return.
result<std::string_view> json_document(std::string_view text);

/// The kind of a value that one of the other functions has given; `null` for anything else.
json_kind json_kind_of(std::string_view value) noexcept;

/// Calls `visit` with the slice of each element of an array, in order, without white space around it. The whole text
/// is checked; elements before the place of an error have been visited by then.
result<void> for_each_json_element(std::string_view array, const std::function<void(std::string_view)>& visit);

/// Calls `visit(key, value)` for each member of an object, in order, repeated keys as often as they come. The key is
/// decoded (it may hold any bytes, even if not UTF-8) and valid during the call only; the value is a slice of `object`.
result<void> for_each_json_member(std::string_view object,
                                  const std::function<void(std::string_view, std::string_view)>& visit);

/// The value of a member: empty when there is none, the last one when the key is repeated (as Go and Boost.JSON read
/// it).
result<std::string_view> json_member(std::string_view object, std::string_view key);

/// The text of a string value. Escapes are resolved; half of a surrogate pair becomes U+FFFD.
result<std::string> decode_json_string(std::string_view value);

}  // namespace nodescope
