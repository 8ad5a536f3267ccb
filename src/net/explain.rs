//! Why a request failed, in the words that Go users know.

use std::time::Duration;

use url::Url;

use crate::net::certificate::Refusal;
use crate::net::error::RequestCause;
use crate::net::pool::LookupFailure;

/// The reason of a failed request in the words that Go users know, and its class.
///
/// `place` is what was asked for, `proxy` how it was to be reached, `silence` how long a server may
/// send nothing.
pub fn explain(
    err: &reqwest::Error,
    place: &Url,
    proxy: Option<&Url>,
    silence: Duration,
) -> (String, RequestCause) {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(err);
    let (dialled, dial) = match proxy {
        Some(proxy) => (proxy, "proxyconnect tcp: dial tcp"),
        None => (place, "dial tcp"),
    };
    let host = dialled.host_str().unwrap_or_default();
    let port = dialled.port_or_known_default().unwrap_or(0);
    while let Some(cause) = source {
        if let Some(tls) = find_tls(cause) {
            return explain_tls(tls, place.host_str().unwrap_or_default());
        }
        if let Some(failure) = cause.downcast_ref::<LookupFailure>() {
            let cause = RequestCause::Dns { is_temporary: failure.is_temporary() };
            return (format!("{dial}: lookup {host}: {}", failure.reason()), cause);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            let reason = crate::sys::error::reason(io);
            if err.is_connect() {
                let text = format!("{dial} {host}:{port}: connect: {reason}");
                return (text, RequestCause::Connect);
            }
            return (reason, RequestCause::Other);
        }
        source = cause.source();
    }
    if err.is_timeout() {
        if err.is_connect() {
            return (format!("{dial} {host}:{port}: i/o timeout"), RequestCause::Timeout);
        }
        let text = format!("no data for {} seconds", silence.as_secs_f64());
        return (text, RequestCause::Silence);
    }
    if !err.is_connect() && error_chain(err).contains(": connection error: ") {
        return (broken(err), RequestCause::Lost);
    }
    let text = broken(err);
    if proxy.is_some() && text.contains("proxy authorization required") {
        return ("Proxy Authentication Required".to_owned(), RequestCause::ProxyAuth);
    }
    (text, if err.is_connect() { RequestCause::Connect } else { RequestCause::Other })
}

/// Why a connection or a body broke off.
fn broken(err: &reqwest::Error) -> String {
    let chain = error_chain(err);
    let truncated = [
        "end of file before message length reached",
        "unexpected end of file",
        "UnexpectedEof",
        "peer closed connection without sending TLS close_notify",
    ];
    if truncated.iter().any(|text| chain.contains(text)) {
        return "unexpected EOF".to_owned();
    }
    chain
}

fn find_tls<'a>(err: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = err.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    // I/O errors hold what they are made of without naming it as their source.
    find_tls(err.downcast_ref::<std::io::Error>()?.get_ref()?)
}

fn explain_tls(err: &rustls::Error, host: &str) -> (String, RequestCause) {
    use rustls::CertificateError as Cert;
    let rustls::Error::InvalidCertificate(reason) = err else {
        return (format!("tls: {err}"), RequestCause::Tls);
    };
    let refusal = match reason {
        Cert::Other(other) => other.0.downcast_ref::<Refusal>(),
        _ => None,
    };
    let issuer = refusal.and_then(|refusal| refusal.issuer.clone());
    let reason = refusal.map_or(reason, |refusal| &refusal.reason);
    let reason = match reason {
        // The latter where another authority of the same name is trusted.
        Cert::UnknownIssuer | Cert::BadSignature => {
            "certificate signed by unknown authority".to_owned()
        }
        Cert::Expired
        | Cert::ExpiredContext { .. }
        | Cert::NotValidYet
        | Cert::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        Cert::NotValidForName => format!("certificate is not valid for {host}"),
        Cert::NotValidForNameContext { presented, .. } => wrong_name(presented, host),
        other => format!("{other:?}"),
    };
    let cause = RequestCause::Certificate { host: host.to_owned(), issuer };
    (format!("tls: failed to verify certificate: x509: {reason}"), cause)
}

/// `presented` are names in the form `DnsName("example.com")` or `IpAddress(192.0.2.1)`.
fn wrong_name(presented: &[String], host: &str) -> String {
    let is_ip = |name: &String| name.starts_with("IpAddress");
    if host.parse::<std::net::IpAddr>().is_ok() && !presented.iter().any(is_ip) {
        return format!(
            "cannot validate certificate for {host} because it doesn't contain any IP SANs"
        );
    }
    let bare = |name: &String| match name.split_once('(') {
        Some((_, inner)) => inner.trim_matches([')', '"']).to_owned(),
        None => name.clone(),
    };
    let names: Vec<String> = presented.iter().map(bare).collect();
    format!("certificate is valid for {}, not {host}", names.join(", "))
}

/// The messages of an error and its sources, without those that repeat the address.
pub fn error_chain(err: &(dyn std::error::Error + 'static)) -> String {
    let mut parts = Vec::new();
    let mut source = err.source();
    while let Some(cause) = source {
        parts.push(cause.to_string());
        source = cause.source();
    }
    match parts.is_empty() {
        true => "request failed".to_owned(),
        false => parts.join(": "),
    }
}
