// Leaves out what is too long of a JSON text while it arrives, piece by piece, so that the whole is never held: members
// and elements that are very long strings, and labels beyond a number of bytes. Everything else stays byte for byte,
// even if it is not JSON: whoever reads the result checks it. Linear; holds a few bytes for each level of nesting.
#pragma once

#include "core/byte_budget.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

struct json_sieve_limits {
    json_sieve_limits() = default;
    std::size_t string_bytes = 64U << 10U;  ///< of one string, as it is written
    /// The objects under this key in the second level of objects and lists are labels; empty: there are none.
    std::string_view labels_key;
    std::size_t labels_bytes = 64U << 10U;  ///< of all labels of one object, names included
    /// Once so much has been kept, both limits are a thirty-second of what they were.
    std::size_t plenty_bytes = 2U << 20U;
    /// Labels whose names begin with this may take all of `labels_bytes`, others three quarters.
    std::string_view preferred_labels;
};

class json_sieve {
public:
    explicit json_sieve(const json_sieve_limits& limits) : limits_(limits), labels_(limits.labels_bytes) {}

    /// Appends to `kept` what is kept of the next piece. Until the text has ended, `kept` is the sieve's: it takes back
    /// the beginning of a member that turns out too long.
    void take(std::string_view piece, std::string& kept);

    /// Strings so far, with their keys.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    enum class place { outside, key, value, unread };
    /// An object or list that is open.
    struct level {
        bool is_object = false;
        bool is_labels = false;
        bool key_is_next = false;
        bool key_dropped = false;
        bool comma_taken = false;     // the one before the current member is kept
        bool comma_needless = false;  // the first member was dropped, and so is the comma behind it
        std::size_t member = 0;       // where the current member begins in what is kept, its comma included
    };

    void take_outside(char c, std::string& kept);
    void take_comma(std::string& kept);
    void open(char bracket, std::string& kept);
    void begin_string(std::string& kept);
    void take_inside(std::string_view run, std::string& kept);
    void end_string(std::string& kept);
    void drop(std::string& kept);

    json_sieve_limits limits_;
    byte_budget labels_;
    std::vector<level> levels_;
    place place_ = place::outside;
    bool escaped_ = false;
    bool dropping_ = false;
    bool labels_follow_ = false;
    std::size_t string_begin_ = 0;
    std::size_t string_limit_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace nodescope
