//! The signature of a post. Source: Standard Webhooks specification, "Webhook headers" and
//! "Signature scheme": HMAC-SHA256 over `id.timestamp.body`, in base64, as `v1,…`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use quita_core::endpoint::Endpoint;
use quita_core::ids::{DeliveryId, MerchantId};
use sha2::Sha256;

use crate::links::SigningKey;

/// Begins a secret, so that it is known for one.
const SECRET_PREFIX: &str = "whsec_";

/// A secret as receivers take it: `whsec_` and base64.
pub fn spelled(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(secret))
}

/// The signature of one secret. `at` counts in whole seconds.
pub fn signature(secret: &[u8], id: &str, at: DateTime<Utc>, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Every signature of a post, separated by spaces: one for each secret in force. After a rotation
/// that is the one before as well, and while the installation's own key is exchanged, those made
/// from either key.
pub fn signatures(
    key: &SigningKey,
    merchant: &MerchantId,
    endpoint: &Endpoint,
    id: &DeliveryId,
    at: DateTime<Utc>,
    body: &str,
) -> String {
    let secrets = endpoint.signing(at).into_iter();
    let secrets =
        secrets.flat_map(|generation| key.webhook_secrets(merchant, &endpoint.id, generation));
    let signatures: Vec<String> =
        secrets.map(|secret| signature(&secret, id.as_str(), at, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use quita_core::ids::EndpointId;

    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn receivers_with_the_reference_libraries_refuse_what_we_sign() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(spelled(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = DateTime::from_timestamp(1_614_265_330, 999_000_000).unwrap();
        let signed =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_exchange_of_the_installations_key_breaks_every_receiver() {
        let merchant = MerchantId::parse("mer_acme").unwrap();
        let endpoint = EndpointId::parse("whe_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
        let (old, new) = ("o".repeat(32), "n".repeat(32));
        let secrets = |keys: &str, generation| {
            SigningKey::new(keys).unwrap().webhook_secrets(&merchant, &endpoint, generation)
        };
        let (before, after) = (secrets(&old, 1), secrets(&new, 1));
        assert_eq!((before.len(), before[0].len()), (1, 32));
        let both = secrets(&format!("{new}\n{old}"), 1);
        assert_eq!(both, [after[0].clone(), before[0].clone()], "the new one is shown");
        assert_ne!(secrets(&old, 2), before);
    }
}
