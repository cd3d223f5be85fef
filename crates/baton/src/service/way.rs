//! The way to the server: straight, or through the proxy that `HTTPS_PROXY` and `NO_PROXY` name, which the client of
//! the token endpoint asks by itself. The proxy sees the server's name and nothing of what is said.

use super::ServiceError;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use tonic::transport::{Channel, Endpoint};

/// The channel for calls; nothing is sent yet.
pub(super) fn channel(endpoint: &Endpoint) -> Result<Channel, ServiceError> {
    let Some(proxy) = Matcher::from_env().intercept(endpoint.uri()) else {
        return Ok(endpoint.connect_lazy());
    };
    let kind = proxy.uri().scheme_str().unwrap_or_default();
    if kind != "http" {
        return Err(ServiceError::Proxy(kind.to_owned()));
    }
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(authorization) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(authorization.clone());
    }
    Ok(endpoint.connect_with_connector_lazy(tunnel))
}
