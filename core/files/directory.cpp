#include "core/files/directory.hpp"

#include <cerrno>
#include <string_view>

namespace nodescope::files {

directory::directory(unique_fd opened) : stream_(opened ? ::fdopendir(opened.get()) : nullptr)
{
    if (stream_) (void)opened.release();
}

const dirent* directory::next()
{
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(stream_.get());
        if (entry == nullptr) failure_ = errno;
        if (entry == nullptr) return nullptr;
        const std::string_view name(static_cast<const char*>(entry->d_name));
        if (name != "." && name != "..") return entry;
    }
}

}  // namespace nodescope::files
