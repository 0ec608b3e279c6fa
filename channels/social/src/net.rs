//! Which addresses may be fetched from: the provider's, never one inside the network because a payload named it.

use crate::account::Account;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether a file may be fetched from there.
///
/// # Errors
/// A sentence that says why not, without the address.
pub(crate) fn allowed(account: &Account, url: &Url) -> Result<Way, &'static str> {
    if same_origin(&account.base_url, url) {
        return Ok(Way::Api);
    }
    let host = match url.host_str() {
        Some(host) if url.scheme() == "https" && url.port().is_none() => host,
        _ => return Err("the file's address is none that is fetched from (https, without a port)"),
    };
    let known = |name: &String| host == name || host.strip_suffix(name.as_str()).is_some_and(|front| front.ends_with('.'));
    if !url.username().is_empty() || !account.media_hosts.iter().any(known) {
        return Err("the file's address is not among the hosts of social.accounts.media_hosts");
    }
    Ok(Way::Outside)
}

/// By which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The API itself, wherever the configuration says that it is.
    Api,
    /// A host of the world: only public addresses.
    Outside,
}

fn same_origin(base: &Url, url: &Url) -> bool {
    base.scheme() == url.scheme() && base.host_str() == url.host_str() && base.port_or_known_default() == url.port_or_known_default()
}

/// Resolves names to public addresses only.
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.filter(|a| is_public(a.ip())).collect();
            if found.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public Internet's (IANA special-purpose registries, RFC 6890).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Only 2000::/3 is given out; of it 2001::/23 (Teredo and others) and 2001:db8::/32 are special.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_refused() {
        for inside in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["157.240.1.1", "8.8.8.8", "2a03:2880::1", "::ffff:8.8.8.8"] {
            assert!(is_public(outside.parse().expect("an address")), "{outside}");
        }
    }

    #[test]
    fn only_hosts_of_the_provider_are_fetched_from() {
        let account = crate::send::testing::account(crate::account::Provider::Messenger);
        let look = |text: &str| allowed(&account, &text.parse().expect("an address"));
        assert_eq!(look("https://scontent.fccu1-1.fna.fbcdn.net/v/t1/x.jpg?oh=1"), Ok(Way::Outside));
        assert_eq!(look("http://127.0.0.1:9/file"), Ok(Way::Api), "where the configuration itself says so");
        for bad in [
            "http://scontent.fbcdn.net/x",
            "https://fbcdn.net.evil.example/x",
            "https://evilfbcdn.net/x",
            "https://scontent.fbcdn.net:8443/x",
            "https://u@scontent.fbcdn.net/x",
            "http://127.0.0.1:8080/x",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
        ] {
            assert!(look(bad).is_err(), "{bad}");
        }
    }
}
