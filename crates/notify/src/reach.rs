//! Whom we may send to: a name is resolved once, each of its addresses is looked at, and those are the ones that are
//! connected to, so that a name that resolves otherwise a moment later leads nowhere else.

use crate::Reach;
use crate::error::DeliveryError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The addresses of a host that may be sent to. One that may not makes the whole name refused.
pub(crate) async fn resolve(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, DeliveryError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let failed = |source| DeliveryError::Name {
        host: bare.to_owned(),
        source,
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((bare, port))
        .await
        .map_err(failed)?
        .collect();
    if found.is_empty() {
        return Err(failed(std::io::Error::other("it has no address")));
    }
    if reach == Reach::Public
        && let Some(private) = found.iter().find(|address| !is_public(address.ip()))
    {
        return Err(DeliveryError::Private {
            host: bare.to_owned(),
            address: private.ip(),
        });
    }
    Ok(found)
}

/// Whether an address is one of the whole internet's.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let low = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // Addresses that carry an IPv4 one are as public as that one.
        [0, 0, 0, 0, 0, 0xffff, high, rest] | [0x64, 0xff9b, 0, 0, 0, 0, high, rest] => low(high, rest),
        [0x2002, high, rest, ..] => low(high, rest),
        // 2000::/3 is what is given out; of it, not Teredo, ORCHID and other special blocks, nor documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_internets_is_not_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "93.184.215.14",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_unless_allowed() {
        for host in ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "2130706433"] {
            let refused = resolve(host, 80, Reach::Public).await;
            assert!(refused.is_err(), "{host}: {refused:?}");
        }
        assert!(!resolve("127.0.0.1", 80, Reach::Private).await.unwrap().is_empty());
    }
}
