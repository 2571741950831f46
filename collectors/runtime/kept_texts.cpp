#include "collectors/runtime/kept_texts.hpp"

#include "core/json/reader.hpp"

#include <utility>

namespace nodescope {

namespace {

/// The texts of an array, each of which takes its bytes and `around` of `limit`. In order, the first that does not fit
/// is the end; else it is left out.
std::vector<std::string> texts_of(std::string_view array, std::size_t limit, std::size_t around, bool in_order)
{
    std::vector<std::string> texts;
    if (array.empty() || json_kind_of(array) != json_kind::array) return texts;
    std::size_t left = limit;
    bool ended = false;
    const auto walked = for_each_json_element(array, [&](std::string_view value) {
        if (ended || json_kind_of(value) != json_kind::string) return;
        const std::size_t size = around + value.size();
        if (size > left) {
            ended = in_order;
            return;
        }
        auto text = decode_json_string(value);
        if (!text) return;
        left -= size;
        texts.push_back(std::move(*text));
    });
    if (!walked) texts.clear();
    return texts;
}

}  // namespace

std::vector<std::string> kept_command(std::string_view array) { return texts_of(array, kept_command_limit, 0, true); }

std::vector<std::string> kept_environment(std::string_view array)
{
    return texts_of(array, kept_texts_limit, around_kept_text, false);
}

}  // namespace nodescope
