#include "collectors/application/figures.hpp"

namespace nodescope::applications {

std::size_t bytes_of(const figures& all) noexcept
{
    std::size_t bytes = sizeof(all);
    for (const metric_spec& one : all.specs) {
        bytes += sizeof(one) + one.name.size() + one.type.size() + one.format.size() + one.units.size();
    }
    for (const metric_value& one : all.values) {
        bytes += sizeof(one) + one.name.size();
        for (const auto& [name, value] : one.labels) bytes += 2 * sizeof(std::string) + name.size() + value.size();
    }
    return bytes;
}

}  // namespace nodescope::applications
