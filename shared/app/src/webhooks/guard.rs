//! Where events may be posted to: nowhere inside.
//!
//! An endpoint's address is typed by somebody and called by us, so it could be made to ask what
//! only we can reach: the metadata of the machine, a service of the network, this very process.
//! Owns which addresses, names and ports are refused. Does not own the moment of the check: an
//! address is checked when it is typed, and what its name leads to at each connection (`resolver`).
//!
//! Invariant: whatever is not known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use quita_core::endpoint::URL_BYTES_MAX;
use reqwest::Url;

/// The port of https.
const HTTPS_PORT: u16 = 443;
/// Ports below it, but for https, are those of other services, such as mail and remote shells.
const OPEN_PORTS_MIN: u16 = 1024;
/// Names that lead nowhere outside, and all below them. Source: IANA, "Special-Use Domain Names";
/// `internal` is what clouds name their own machines.
const INNER_NAMES: [&str; 6] = ["localhost", "local", "internal", "home.arpa", "onion", "test"];

/// IPv4 blocks that are not the public internet. Source: IANA IPv4 Special-Purpose Address Registry
/// and RFC 5771 (multicast).
const INNER_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carrier-grade NAT; some clouds keep their metadata here.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local: 169.254.169.254 is the metadata of AWS and others.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The part of IPv6 that is given out for the public internet. What lies outside is loopback,
/// private, link-local, multicast, mapped IPv4 or NAT64. Source: IANA IPv6 Global Unicast Address
/// Assignments.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Blocks within it that are not. Source: IANA IPv6 Special-Purpose Address Registry.
const INNER_V6: [(Ipv6Addr, u32); 4] = [
    // IETF protocols, with Teredo, which holds an IPv4 address.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4, which holds an IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// How far posts reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet, by https.
    Internet,
    /// That, and this machine by plain http. Never in a Lambda.
    ThisMachine,
}

/// Why an address is not posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("use a URL of at most {URL_BYTES_MAX} bytes")]
    NotAUrl,
    #[error("use the host name that the DNS has, in ASCII: xn--caf-dma.example for café.example")]
    NotAscii,
    #[error("use https")]
    NotHttps,
    #[error("leave user and password out; the signature says who is calling")]
    Credentials,
    #[error("leave the fragment out, it is never sent")]
    Fragment,
    #[error("use a host name of the public internet")]
    Inner,
    #[error("use port {HTTPS_PORT}, or {OPEN_PORTS_MIN} and above")]
    Port,
}

impl Reach {
    /// Whether an address may be connected to.
    pub fn lets(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::ThisMachine && address.is_loopback())
    }

    /// The URL of an endpoint, if events may be posted to it. What its name leads to is checked
    /// when it is connected to.
    pub fn check(self, text: &str) -> Result<Url, Refused> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refused::NotAUrl);
        }
        let why = if text.is_ascii() { Refused::NotAUrl } else { Refused::NotAscii };
        let url = Url::parse(text).map_err(|_| why)?;
        let literal = literal(&url);
        let here = self == Self::ThisMachine
            && (literal.is_some_and(|address| address.is_loopback())
                || url.domain() == Some("localhost"));
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => return Err(Refused::NotHttps),
            _ => return Err(Refused::NotAUrl),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        if url.fragment().is_some() {
            return Err(Refused::Fragment);
        }
        // A bare address is connected to without asking for a name, so none is taken.
        if !here && !url.domain().is_some_and(is_outer_name) {
            return Err(Refused::Inner);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if here || port == HTTPS_PORT || port >= OPEN_PORTS_MIN {
            Ok(url)
        } else {
            Err(Refused::Port)
        }
    }
}

/// The host, when it is an address: `Url` has read every spelling of one, `0x7f.1` too.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

fn is_outer_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let below = |inner: &str| {
        name.strip_suffix(inner).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.') && !INNER_NAMES.into_iter().any(below)
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !INNER_V4.iter().any(|(block, bits)| {
            let mask = u32::MAX << (32 - bits);
            address.to_bits() & mask == block.to_bits()
        }),
        IpAddr::V6(address) => {
            let within = |(block, bits): &(Ipv6Addr, u32)| {
                let mask = u128::MAX << (128 - bits);
                address.to_bits() & mask == block.to_bits()
            };
            within(&GLOBAL_V6) && !INNER_V6.iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests;
