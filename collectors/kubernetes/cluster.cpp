#include "collectors/kubernetes/cluster.hpp"

#include "core/environment.hpp"

#include <utility>

namespace nodescope::kubernetes {

api_peer::read_access cluster_access(const std::string& kubeconfig, const std::string& service_account_directory)
{
    if (!kubeconfig.empty()) return [kubeconfig] { return read_kubeconfig(kubeconfig); };
    const std::string host = environment_variable("KUBERNETES_SERVICE_HOST");
    if (host.empty()) return {};
    const std::string port = environment_variable("KUBERNETES_SERVICE_PORT");
    return
        [service_account_directory, host, port] { return read_service_account(service_account_directory, host, port); };
}

api_peer::connect connector(boost::asio::any_io_executor executor)
{
    using shared_client = std::shared_ptr<http_client::client>;
    return [executor = std::move(executor)](const api_access& access) -> result<shared_client> {
        auto client = http_client::make_client(executor, access.server.to, access.tls, http_client::options());
        if (!client) return client.error();
        return shared_client(std::move(*client));
    };
}

}  // namespace nodescope::kubernetes
