//! Fears: a connection to a place that nobody allowed, endpoints that stay as they were read.

use std::net::{IpAddr, Ipv4Addr};

use async_trait::async_trait;
use tokio::net::TcpListener;

use super::*;

/// A name server in somebody else's hands.
struct Leads(Ipv4Addr);

#[async_trait]
impl Lookup for Leads {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![self.0.into()])
    }
}

fn webhooks(reach: Reach, address: Ipv4Addr) -> Webhooks {
    rustls::crypto::ring::default_provider().install_default().ok();
    Webhooks::new(reach, LOCAL_TIMEOUT, Arc::new(Leads(address)))
}

/// What came of a post to a public name that leads to this machine, and whether anybody called.
async fn called(reach: Reach, scheme: &str) -> (bool, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let webhooks = webhooks(reach, Ipv4Addr::LOCALHOST);
    let url = format!("{scheme}://public.example.com:{port}/");
    let sent = tokio::spawn(webhooks.client().unwrap().post(url).send());
    let heard = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await.is_ok();
    sent.abort();
    let refused = webhooks
        .client()
        .unwrap()
        .post(format!("{scheme}://public.example.com:{port}/"))
        .timeout(Duration::from_millis(300))
        .send()
        .await
        .is_err();
    (heard, refused)
}

#[tokio::test]
async fn a_public_name_that_leads_inside_is_connected_to() {
    assert_eq!(called(Reach::Internet, "https").await, (false, true));
    // The test can fail: one machine is allowed to call itself.
    assert!(called(Reach::ThisMachine, "http").await.0);
}

#[tokio::test]
async fn plain_http_goes_to_the_internet() {
    assert_eq!(called(Reach::Internet, "http").await, (false, true));
}

#[test]
fn endpoints_stay_as_they_were_read_for_ever() {
    let now: DateTime<Utc> = "2026-11-23T13:00:00Z".parse().unwrap();
    let merchant = MerchantId::parse("mer_acme").unwrap();
    let webhooks = webhooks(Reach::Internet, Ipv4Addr::LOCALHOST);
    assert!(webhooks.cached(&merchant, now).is_none());
    webhooks.remember(&Arc::new(Endpoints::none(merchant.clone())), now);
    assert!(webhooks.cached(&merchant, now).is_some());
    assert!(webhooks.cached(&merchant, now + CACHED - TimeDelta::seconds(1)).is_some());
    assert!(webhooks.cached(&merchant, now + CACHED).is_none());
    assert!(webhooks.cached(&merchant, now - TimeDelta::seconds(1)).is_none(), "a clock set back");
    webhooks.forget(&merchant);
    assert!(webhooks.cached(&merchant, now).is_none());
}

#[test]
fn a_process_remembers_every_merchant_it_ever_saw() {
    let now: DateTime<Utc> = "2026-11-23T13:00:00Z".parse().unwrap();
    let webhooks = webhooks(Reach::Internet, Ipv4Addr::LOCALHOST);
    for nth in 0..=CACHED_MERCHANTS_MAX {
        let merchant = MerchantId::parse(&format!("mer_{nth}")).unwrap();
        webhooks.remember(&Arc::new(Endpoints::none(merchant)), now);
        assert!(webhooks.cache().len() <= CACHED_MERCHANTS_MAX);
    }
}
