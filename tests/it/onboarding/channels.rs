//! A channel that is set up in part, shows its tokens, or writes in another's name.

use serde_json::{Value, json};

use super::{NEW, call, call_again, create, did, seen};
use crate::world::{World, text};

const PUT: &str = "PUT /v1/merchant/channels";
const PATH: &str = "/v1/merchant/channels";

fn whatsapp() -> Value {
    json!({
        "phone_number_id": "106540352242922",
        "access_token": "EAAG-access",
        "app_secret": "0f1e-app",
        "verify_token": "our-word",
        "templates": { "quita_due_today_v1": { "name": "fatura_hoje", "language": "pt_BR" } },
    })
}

async fn tokens(world: &World) -> Option<Value> {
    let secrets = &world.machine.deps().secrets;
    let secret = secrets.get(&format!("whatsapp/{NEW}")).await.unwrap()?;
    Some(serde_json::from_str(&secret).unwrap())
}

#[tokio::test]
async fn a_channel_is_set_up_without_its_tokens_or_shows_them() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    assert_eq!(seen(&world, &token, PATH).await["whatsapp"], Value::Null);
    let mut bare = whatsapp();
    for name in ["access_token", "app_secret", "verify_token"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    let refused = call(&world, &token, PUT, &json!({ "whatsapp": bare })).await;
    assert_eq!(refused.outcome(), "422 validation-failed", "{}", refused.body);
    assert_eq!(tokens(&world).await, None);

    let body = json!({ "whatsapp": whatsapp(), "sms": { "origination": "QUITA" } });
    let set = did(&world, &token, PUT, &body).await;
    assert_eq!(set["whatsapp"]["templates"]["quita_due_today_v1"]["name"], "fatura_hoje");
    assert_eq!(set["sms"]["origination"], "QUITA");
    let shown = seen(&world, &token, PATH).await;
    assert_eq!(shown, set);
    let audit = seen(&world, &token, "/v1/audit?limit=100").await;
    for secret in ["EAAG-access", "0f1e-app", "our-word"] {
        for told in [&shown, &audit] {
            assert!(!told.to_string().contains(secret), "{told}");
        }
    }
    assert_eq!(text(&tokens(&world).await.unwrap(), "app_secret"), "0f1e-app");

    // Set up once, other settings change without the tokens.
    let mut renamed = bare;
    renamed["templates"] = json!({});
    let set = did(&world, &token, PUT, &json!({ "whatsapp": renamed })).await;
    assert_eq!((&set["sms"], &set["whatsapp"]["templates"]), (&Value::Null, &json!({})));
    assert_eq!(text(&tokens(&world).await.unwrap(), "access_token"), "EAAG-access");
}

#[tokio::test]
async fn the_address_that_is_shown_is_none_that_meta_can_call() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let set = did(&world, &token, PUT, &json!({ "whatsapp": whatsapp() })).await;
    let url = text(&set["whatsapp"], "callback_url");
    let path = url.strip_prefix(&world.machine.deps().config.public_url).unwrap();
    let query = "hub.mode=subscribe&hub.verify_token=our-word&hub.challenge=115";
    let answer = world.call_with("GET", &format!("{path}?{query}"), &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "115"));
}

#[tokio::test]
async fn one_fault_of_the_channels_hides_another() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let mut bad = whatsapp();
    bad["phone_number_id"] = json!("+55 11");
    bad["app_secret"] = json!("");
    let answer =
        call(&world, &token, PUT, &json!({ "whatsapp": bad, "sms": { "origination": "" } })).await;
    assert_eq!(answer.outcome(), "422 validation-failed", "{}", answer.body);
    for property in ["whatsapp.phone_number_id", "whatsapp.app_secret", "sms.origination"] {
        assert!(answer.body.contains(property), "{}", answer.body);
    }
    assert_eq!(tokens(&world).await, None);
}

#[tokio::test]
async fn a_repeated_setting_takes_back_what_was_set_since() {
    let world = World::new().await;
    let token = create(&world, NEW).await;
    let body = json!({ "sms": { "origination": "QUITA" } });
    let first = call_again(&world, &token, PUT, &body, "one").await;
    did(&world, &token, PUT, &json!({})).await;
    let again = call_again(&world, &token, PUT, &body, "one").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(seen(&world, &token, PATH).await["sms"], Value::Null);
}
