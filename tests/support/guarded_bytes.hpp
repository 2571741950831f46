// Bytes that end where readable memory ends: a parser that looks at one byte too many dies of it, sanitizer or not.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <string_view>

namespace nodescope::testing {

/// A copy of some bytes in front of a page that nobody may read.
class guarded_bytes {
public:
    explicit guarded_bytes(std::string_view bytes) : size_(bytes.size())
    {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t readable = (size_ / page + 1) * page;
        mapped_ = readable + page;
        memory_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) throw std::bad_alloc();
        char* const end = static_cast<char*>(memory_) + readable;
        begin_ = std::copy(bytes.begin(), bytes.end(), end - size_) - size_;
        ::mprotect(end, page, PROT_NONE);
    }
    guarded_bytes(const guarded_bytes&) = delete;
    guarded_bytes& operator=(const guarded_bytes&) = delete;
    ~guarded_bytes() { ::munmap(memory_, mapped_); }

    [[nodiscard]] std::string_view view() const noexcept { return {begin_, size_}; }

private:
    std::size_t size_;
    std::size_t mapped_ = 0;
    void* memory_ = nullptr;
    const char* begin_ = nullptr;
};

}  // namespace nodescope::testing
