#include "core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <ostream>
#include <stdexcept>
#include <system_error>

namespace nodescope {

std::string_view to_string(failure kind) noexcept
{
    switch (kind) {
        case failure::invalid: return "invalid";
        case failure::gone: return "gone";
        case failure::conflict: return "conflict";
        case failure::denied: return "denied";
        case failure::timed_out: return "timed_out";
        case failure::unavailable: return "unavailable";
        case failure::malformed: return "malformed";
        case failure::failed: return "failed";
        case failure::too_large: return "too_large";
        case failure::overloaded: return "overloaded";
        case failure::wrong_node: return "wrong_node";
        case failure::disabled: return "disabled";
        case failure::cancelled: return "cancelled";
        case failure::internal: return "internal";
    }
    return "unknown";
}

failure failure_of_errno(int error_number) noexcept
{
    switch (error_number) {
        case ENOENT:
        case ESRCH:
        case ENODEV:
        case ENXIO:
        case ENOTDIR: return failure::gone;
        case EACCES:
        case EPERM: return failure::denied;
        case ETIMEDOUT: return failure::timed_out;
        case ECONNREFUSED:
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENOTSOCK: return failure::unavailable;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN: return failure::overloaded;
        case EMSGSIZE:
        case EFBIG:
        case EOVERFLOW: return failure::too_large;
        case ECANCELED: return failure::cancelled;
        case EINVAL: return failure::invalid;
        default: return failure::failed;
    }
}

error from_errno(int error_number, std::string_view what)
{
    return error(failure_of_errno(error_number),
                 fmt::format("{}: {}", what, std::generic_category().message(error_number)));
}

void throw_exception_from_error(const error& failure, const boost::source_location& where)
{
    throw std::logic_error(
        fmt::format("{}:{}: value() of a failed result: {}", where.file_name(), where.line(), failure.message()));
}

std::ostream& operator<<(std::ostream& out, const error& value)
{
    return out << to_string(value.kind()) << ": " << value.message();
}

}  // namespace nodescope
