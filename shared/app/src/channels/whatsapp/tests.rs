use quita_core::contact::Phone;
use quita_core::merchant::{ApprovedTemplateRef, Channels};
use quita_notify::whatsapp::TemplateCategory;
use quita_testkit::channels::{Trouble, WhatsAppCloud};

use super::super::test_parts::{Noon, http, merchant, nowhere};
use super::*;

/// Secrets that count how often they are read.
#[derive(Default)]
struct Vault {
    values: Mutex<HashMap<String, String>>,
    reads: Mutex<u32>,
}

#[async_trait]
impl Secrets for Vault {
    async fn get(&self, name: &str) -> Result<Option<String>, Unknown> {
        *self.reads.lock().unwrap() += 1;
        match name {
            "whatsapp/mer_dark" => Err(Unknown::new("reading a secret", "no answer")),
            name => Ok(self.values.lock().unwrap().get(name).cloned()),
        }
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), Unknown> {
        self.values.lock().unwrap().insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

struct Bench {
    cloud: WhatsAppCloud,
    vault: Arc<Vault>,
    api: CloudApi,
}

async fn set_token(vault: &Vault, token: &str) {
    let access = WhatsAppAccess {
        access_token: token.into(),
        app_secret: "app".into(),
        verify_token: "verify".into(),
    };
    let name = secret_name(&merchant().merchant);
    vault.put(&name, &access.to_secret().unwrap()).await.unwrap();
}

async fn bench() -> Bench {
    let cloud = WhatsAppCloud::start("token-1").unwrap();
    let vault = Arc::new(Vault::default());
    set_token(&vault, "token-1").await;
    let api = CloudApi::new(cloud.url().to_owned(), http(), vault.clone(), Arc::new(Noon));
    Bench { cloud, vault, api }
}

fn with_number() -> Merchant {
    let template =
        ApprovedTemplateRef { name: "acme_hoje".to_owned(), language: "pt_PT".to_owned() };
    let whatsapp = WhatsAppSender {
        phone_number_id: "106540352242922".to_owned(),
        templates: [("quita_due_today_v1".to_owned(), template)].into(),
    };
    let channels = Channels { whatsapp: Some(whatsapp), sms: None };
    Merchant { channels, ..merchant() }
}

fn message(template: &str) -> WhatsAppMessage {
    WhatsAppMessage {
        to: Phone::parse("+5511987654321").unwrap(),
        template: ApprovedTemplate {
            name: template.to_owned(),
            language: "pt_BR".to_owned(),
            category: TemplateCategory::Utility,
        },
        header_image: None,
        parameters: vec!["Padaria".to_owned()],
        order: None,
        ledger_key: "inv_a-1-due-whatsapp-0".to_owned(),
        text: "Olá".to_owned(),
    }
}

fn with_picture() -> WhatsAppMessage {
    let header_image = Some(InlineImage {
        content_id: "qr".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: b"a picture".to_vec(),
    });
    WhatsAppMessage { header_image, ..message("quita_due_today_v1") }
}

/// Where a message stands that met trouble.
#[derive(Debug, PartialEq, Eq)]
enum Stands {
    Sent,
    Refused,
    NotNow(Option<u64>),
    Unknown,
}

fn stands(outcome: &Result<String, SendError>) -> Stands {
    match outcome {
        Ok(_) => Stands::Sent,
        Err(SendError::Refused(_)) => Stands::Refused,
        Err(SendError::NotNow(why)) => Stands::NotNow(why.retry_after.map(|wait| wait.as_secs())),
        Err(SendError::Unknown(_)) => Stands::Unknown,
    }
}

#[tokio::test]
async fn a_message_goes_out_under_another_template_or_without_its_tag() {
    let bench = bench().await;
    let merchant = with_number();
    for (template, name, language) in [
        ("quita_due_today_v1", "acme_hoje", "pt_PT"),
        ("quita_overdue_v1", "quita_overdue_v1", "pt_BR"),
    ] {
        let id = bench.api.send(&merchant, &message(template)).await.unwrap();
        let sent = bench.cloud.sent().pop().unwrap();
        assert_eq!((sent.id, sent.phone_number_id.as_str()), (id, "106540352242922"));
        assert_eq!(sent.body["template"]["name"], name);
        assert_eq!(sent.body["template"]["language"]["code"], language);
        assert_eq!(sent.body["biz_opaque_callback_data"], "inv_a-1-due-whatsapp-0");
    }
    assert_eq!(*bench.vault.reads.lock().unwrap(), 1, "the token is kept");
}

#[tokio::test]
async fn a_message_goes_out_without_its_picture() {
    let bench = bench().await;
    bench.api.send(&with_number(), &with_picture()).await.unwrap();
    let form = String::from_utf8(bench.cloud.uploads().pop().unwrap()).unwrap();
    assert!(form.contains("\r\nContent-Type: image/png\r\n\r\na picture\r\n--"), "{form}");
    let sent = bench.cloud.sent().pop().unwrap();
    let header = &sent.body["template"]["components"][0];
    assert_eq!(header["parameters"][0]["image"]["id"], "media-1");
}

#[tokio::test]
async fn a_picture_that_fails_to_arrive_counts_as_a_message_that_may_have_gone_out() {
    for (trouble, expected) in [
        (Trouble::BrokenAfter, Stands::NotNow(None)),
        (Trouble::Silence, Stands::NotNow(None)),
        (Trouble::Throttle(None), Stands::NotNow(Some(60))),
        (Trouble::Refuse(131045), Stands::NotNow(Some(3600))),
    ] {
        let bench = bench().await;
        bench.cloud.fail_next_upload(trouble);
        let outcome = bench.api.send(&with_number(), &with_picture()).await;
        assert_eq!(stands(&outcome), expected, "{trouble:?}: {outcome:?}");
        assert!(bench.cloud.sent().is_empty());
    }
}

#[tokio::test]
async fn an_error_is_taken_for_another_one() {
    use Stands::{NotNow, Refused, Unknown};
    for (trouble, expected, words) in [
        (Trouble::Refuse(131047), Refused, "send an approved template"),
        (Trouble::Refuse(131026), Refused, "use another channel"),
        (Trouble::Refuse(131049), Refused, "tire the recipient"),
        (Trouble::Refuse(132001), Refused, "submit it"),
        (Trouble::Refuse(132015), NotNow(Some(3 * 3600)), "paused the template"),
        (Trouble::Refuse(131056), NotNow(Some(10)), "to this recipient"),
        (Trouble::Refuse(130429), NotNow(Some(60)), "too fast"),
        (Trouble::Refuse(999_999), Refused, "WhatsApp error 999999"),
        (Trouble::Throttle(Some(7)), NotNow(Some(7)), "too fast"),
        (Trouble::Down, NotNow(Some(60)), "down for a moment"),
        (Trouble::BrokenAfter, Unknown, ""),
        (Trouble::Silence, Unknown, ""),
    ] {
        let bench = bench().await;
        bench.cloud.fail_next(trouble);
        let outcome = bench.api.send(&with_number(), &message("x")).await;
        assert_eq!(stands(&outcome), expected, "{trouble:?}: {outcome:?}");
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(words), "{trouble:?}: {told}");
        let reached = usize::from(expected == Unknown);
        assert_eq!(bench.cloud.sent().len(), reached, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_is_used_until_it_is_forgotten() {
    let bench = bench().await;
    set_token(&bench.vault, "token-0").await;
    let outcome = bench.api.send(&with_number(), &message("x")).await;
    let told = outcome.as_ref().unwrap_err().to_string();
    assert!(told.contains("the access token is over: set a new one"), "{told}");
    assert_eq!(stands(&outcome), Stands::NotNow(Some(3600)));
    set_token(&bench.vault, "token-1").await;
    assert_eq!(stands(&bench.api.send(&with_number(), &message("x")).await), Stands::Sent);
}

#[tokio::test]
async fn what_was_never_asked_counts_as_unknown() {
    let bench = bench().await;
    let other = |id: &str| {
        let merchant = MerchantId::parse(id).unwrap();
        Merchant { merchant, ..with_number() }
    };
    let send = async |api: &CloudApi, merchant: &Merchant| {
        stands(&api.send(merchant, &message("x")).await)
    };
    assert_eq!(send(&bench.api, &merchant()).await, Stands::Refused, "it is not set up");
    assert_eq!(send(&bench.api, &other("mer_new")).await, Stands::NotNow(Some(3600)));
    assert_eq!(send(&bench.api, &other("mer_dark")).await, Stands::NotNow(None));
    let nobody = CloudApi::new(nowhere(), http(), bench.vault.clone(), Arc::new(Noon));
    assert_eq!(send(&nobody, &with_number()).await, Stands::NotNow(None));
    assert!(bench.cloud.sent().is_empty());
}

#[tokio::test]
async fn an_error_repeats_a_token_or_a_number() {
    let bench = bench().await;
    bench.cloud.fail_next(Trouble::Silence);
    let outcome = bench.api.send(&with_number(), &message("x")).await;
    let told = format!("{outcome:?}");
    assert!(!told.contains("token-1") && !told.contains("127.0.0.1"), "{told}");
    let parsed = WhatsAppAccess::of(&merchant().merchant, bench.vault.as_ref()).await.unwrap();
    assert!(!format!("{parsed:?}").contains("token-1"));
    bench.vault.put("whatsapp/mer_acme", r#"{"access_token":"token-2""#).await.unwrap();
    let error = WhatsAppAccess::of(&merchant().merchant, bench.vault.as_ref()).await.unwrap_err();
    assert!(!chain(&error).contains("token-2"), "{}", chain(&error));
}

#[tokio::test]
async fn the_api_is_asked_what_became_of_a_message() {
    let bench = bench().await;
    assert_eq!(bench.api.evidence("inv_a-1-due-whatsapp-0").await.unwrap(), Evidence::None);
    assert_eq!(*bench.vault.reads.lock().unwrap(), 0);
}
