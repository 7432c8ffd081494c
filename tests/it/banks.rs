//! One contract for every bank profile: the same life of a charge, in each bank's dialect.

use chrono::{NaiveDate, TimeDelta};
use quita_core::document::TaxId;
use quita_core::ids::{InvoiceId, Txid};
use quita_core::money::Money;
use quita_core::pix_key::PixKey;
use quita_core::terms::Terms;
use quita_pix::client::{ClientOptions, PixFilter, PspClient, WebhookAuth, WebhookUrl, Window};
use quita_pix::credentials::Credentials;
use quita_pix::error::PixError;
use quita_pix::profile::{Bank, BankProfile, Environment};
use quita_pix::terms::{charge_request, from_cobv};
use quita_pix::wire::{Devedor, DevolucaoId, DevolucaoSolicitada, DevolucaoStatus};
use quita_psp_sandbox::PayOptions;

use crate::world::World;

/// A client that speaks as `bank` does, to the bank of the world.
async fn client(world: &World, bank: Bank) -> PspClient {
    let here = world.bank_client().await;
    let (base, token) = (here.profile().base_url(), here.profile().token_url());
    let profile = BankProfile::of(bank, Environment::Production).at(base, token);
    let config = world.bank.config();
    let credentials = Credentials::new(config.client_id.as_str(), config.client_secret.as_str());
    let extras: Vec<&str> = profile.required_extras().collect();
    let credentials =
        extras.into_iter().fold(credentials, |known, name| known.with_extra(name, "given"));
    PspClient::new(profile, credentials, ClientOptions::default()).unwrap()
}

#[tokio::test]
async fn every_bank_profile_passes_the_same_contract() {
    for (nth, bank) in Bank::ALL.into_iter().enumerate() {
        let world = World::seeded(u64::try_from(nth).unwrap() + 1).await;
        lives_a_charge(&world, &client(&world, bank).await, bank).await;
    }
}

async fn lives_a_charge(world: &World, client: &PspClient, bank: Bank) {
    let name = bank.as_str();
    let key = PixKey::parse(&world.bank.config().keys[0]).unwrap();
    let terms = Terms {
        original: Money::from_centavos(12_345),
        due_date: NaiveDate::from_ymd_opt(2026, 12, 10).unwrap(),
        validity_days: 30,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    };
    let payer = Devedor::new(&TaxId::parse("12ABC34501DE35").unwrap(), "Padaria Aurora");
    let asked = charge_request(&terms, &key, payer, Some("Serviços"));
    let txid = |revision| {
        let invoice = InvoiceId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0STW").unwrap();
        Txid::for_charge(&invoice, 1, revision).unwrap()
    };

    let charge = client.ensure_cobv(&txid(0), &asked).await.unwrap();
    assert_eq!(from_cobv(&charge.calendario, &charge.valor).unwrap(), terms, "{name}");
    let again = client.ensure_cobv(&txid(0), &asked).await.unwrap();
    assert_eq!((again.revisao, world.bank.charges().len()), (0, 1), "{name}: not a second one");

    let paid = world.bank.pay(txid(0).as_str(), PayOptions::default()).unwrap();
    let found = client.get_cobv(&txid(0)).await.unwrap();
    let e2eid = &found.pix[0].end_to_end_id;
    assert_eq!(e2eid.as_str(), paid.e2eid, "{name}");
    assert_eq!(client.get_pix(e2eid).await.unwrap().valor, terms.original, "{name}");
    let day = TimeDelta::days(1);
    let window = Window { from: world.now() - day, until: world.now() + day };
    let listed = client.list_pix(&PixFilter::settled_within(window)).await.unwrap();
    assert_eq!(listed.items.len(), 1, "{name}");
    let refused = client.remove_cobv(&txid(0)).await;
    assert!(matches!(refused, Err(PixError::Refused(_))), "{name}: it was paid");

    let half =
        DevolucaoSolicitada { valor: Money::from_centavos(45), natureza: None, descricao: None };
    let id = DevolucaoId::parse("r1").unwrap();
    client.ensure_devolucao(e2eid, &id, &half).await.unwrap();
    world.bank.settle_refunds().unwrap();
    let refund = client.get_devolucao(e2eid, &id).await.unwrap();
    assert_eq!(refund.status, DevolucaoStatus::Devolvido, "{name}");

    client.ensure_cobv(&txid(1), &asked).await.unwrap();
    assert!(client.remove_cobv(&txid(1)).await.unwrap().status.is_removed(), "{name}");
    let missing = client.get_cobv(&txid(2)).await;
    assert!(matches!(missing, Err(PixError::NotFound)), "{name}");

    let url = WebhookUrl::parse("https://quita.example/pix/hook").unwrap();
    client.put_webhook(&key, &url, WebhookAuth::MutualTls).await.unwrap();
    assert_eq!(client.get_webhook(&key).await.unwrap().webhook_url.as_str(), url.as_str());
    client.delete_webhook(&key).await.unwrap();
    assert!(matches!(client.get_webhook(&key).await, Err(PixError::NotFound)), "{name}");
}
