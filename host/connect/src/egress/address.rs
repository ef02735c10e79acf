//! Which network addresses may be reached. Plugins never name a URL; this guards against a connection, or a DNS answer,
//! that points inside. Knows addresses only; resolving is `wire.rs`'s.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// The internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network: RFC 1918, RFC 6598, unique local.
    Private,
    /// Link-local, cloud metadata, unspecified, broadcast, multicast: nobody's business system lives there.
    Never,
}

impl AddressClass {
    /// The class of an address; IPv4 inside IPv6 counts as the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        // Metadata services outside the link-local range: Alibaba Cloud, Oracle Cloud.
        let metadata = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
        if a == 0
            || address.is_link_local()
            || address.is_broadcast()
            || address.is_multicast()
            || metadata.contains(&address)
        {
            Self::Never
        } else if address.is_loopback() {
            Self::Loopback
        } else if address.is_private() || (a == 100 && (64..128).contains(&b)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let segments = address.segments();
        if address.is_loopback() {
            return Self::Loopback;
        }
        if address.is_unspecified() || address.is_multicast() || segments[0] & 0xffc0 == 0xfe80 {
            return Self::Never;
        }
        if let Some(inner) = embedded_v4(&segments) {
            return Self::of_v4(inner);
        }
        // Amazon's metadata service within the unique local range.
        if segments == [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] {
            Self::Never
        } else if segments[0] & 0xfe00 == 0xfc00 || segments[0] & 0xffc0 == 0xfec0 {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// Mapped and compatible addresses, NAT64 (`64:ff9b::/96`) and 6to4 (`2002::/16`).
fn embedded_v4(segments: &[u16; 8]) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(*high, *low)),
        [0x2002, high, low, ..] => Some(from(*high, *low)),
        _ => None,
    }
}

/// What besides the internet may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPolicy {
    /// This machine. On by default: the sandbox lives there, and addresses come from an administrator's file.
    pub loopback: bool,
    /// Private networks. Off by default: a connection to a self-hosted system says so.
    pub private: bool,
}

impl Default for AddressPolicy {
    fn default() -> Self {
        Self {
            loopback: true,
            private: false,
        }
    }
}

impl AddressPolicy {
    /// `Err` says why the address is refused.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn permit(self, address: IpAddr) -> Result<(), String> {
        match AddressClass::of(address) {
            AddressClass::Public => Ok(()),
            AddressClass::Loopback if self.loopback => Ok(()),
            AddressClass::Private if self.private => Ok(()),
            AddressClass::Loopback => Err(format!(
                "{address} is this machine, which this connection may not reach"
            )),
            AddressClass::Private => Err(format!(
                "{address} is on a private network, which this connection may not reach"
            )),
            AddressClass::Never => Err(format!(
                "{address} is a link-local, metadata or reserved address, which is never reached"
            )),
        }
    }
}
