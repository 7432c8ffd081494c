//! Names to addresses, checked: what a connection is made to is what was checked.
//!
//! A name may lead somewhere public when it is typed and somewhere inside when it is called. So the
//! check is made in the connection's own look-up: the client connects to the addresses that come
//! out of here and asks nobody else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Reach;

/// Where a name leads.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The machine's own look-up.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A name led to an address that is not posted to.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that events are not posted to")]
pub(super) struct AddressRefused;

/// The look-up of the client.
pub(super) struct Checked {
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl Checked {
    pub(super) fn new(reach: Reach, lookup: Arc<dyn Lookup>) -> Self {
        Self { reach, lookup }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, lookup) = (self.reach, self.lookup.clone());
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            // One inner address among public ones is no slip: the name is refused as a whole.
            if !found.iter().all(|address| reach.lets(*address)) {
                return Err(AddressRefused.into());
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
