// The files of web/ and what they use, as they were when this was built (tools/embed).
#pragma once

#include <span>
#include <string_view>

namespace nodescope::api {

struct page_file {
    std::string_view name;  ///< "app.js"
    std::string_view content_type;
    std::string_view compressed;  ///< gzip
};

std::span<const page_file> page_files();

}  // namespace nodescope::api
