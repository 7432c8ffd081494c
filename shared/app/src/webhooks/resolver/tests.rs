//! Fear: a name that is public while it is looked at and private when it is called.

use std::sync::Mutex;

use super::*;

/// Answers each look-up with the next list; the last one stays.
struct Script(Mutex<Vec<Vec<&'static str>>>);

#[async_trait]
impl Lookup for Script {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut script = self.0.lock().unwrap();
        let now = if script.len() > 1 { script.remove(0) } else { script[0].clone() };
        Ok(now.iter().map(|address| address.parse().unwrap()).collect())
    }
}

fn checked(script: &[&[&'static str]]) -> Checked {
    let script = script.iter().map(|answer| answer.to_vec()).collect();
    Checked::new(Reach::Internet, Arc::new(Script(Mutex::new(script))))
}

async fn resolved(checked: &Checked) -> Result<Vec<String>, String> {
    let name = "rebind.example.com".parse().unwrap();
    let found = checked.resolve(name).await.map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip().to_string()).collect())
}

#[tokio::test]
async fn a_name_that_turns_inward_is_followed() {
    let rebinding = checked(&[&["200.160.2.3"], &["127.0.0.1"]]);
    assert_eq!(resolved(&rebinding).await, Ok(vec!["200.160.2.3".to_owned()]));
    let refused = resolved(&rebinding).await.unwrap_err();
    assert_eq!(refused, AddressRefused.to_string());
}

#[tokio::test]
async fn an_inner_address_slips_in_among_public_ones() {
    let mixed = checked(&[&["200.160.2.3", "169.254.169.254", "2606:4700:4700::1111"]]);
    assert!(resolved(&mixed).await.is_err());
    let several = checked(&[&["200.160.2.3", "2606:4700:4700::1111"]]);
    assert_eq!(resolved(&several).await.unwrap().len(), 2);
}
