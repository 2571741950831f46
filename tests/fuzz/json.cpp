// JSON slices: whatever the text, no crash, and what json_document accepts the other readers can read.
#include "core/json/reader.hpp"
#include "core/json/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace nodescope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto document = json_document(text);
    if (!document) return 0;
    switch (json_kind_of(*document)) {
        case json_kind::object:
            if (!for_each_json_member(*document, [](std::string_view, std::string_view value) {
                    if (!json_document(value)) std::abort();
                })) {
                std::abort();
            }
            if (!json_member(*document, "Id")) std::abort();
            break;
        case json_kind::array:
            if (!for_each_json_element(*document, [](std::string_view value) {
                    if (!json_document(value)) std::abort();
                })) {
                std::abort();
            }
            break;
        case json_kind::string:
            if (!decode_json_string(*document)) std::abort();
            break;
        default: break;
    }
    return 0;
}
