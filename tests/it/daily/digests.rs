//! What a digest says, and who gets it.

use axum::http::StatusCode;
use quita_core::contact::Email;
use quita_core::customer::Locale;
use quita_core::ids::InvoiceId;
use quita_core::money::Money;
use quita_local::mailbox::MailFault;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde_json::json;

use super::{add_person, begin, days, digests, merchant, stored, with_ana};
use crate::chasing::{change_merchant, open_chat};
use crate::world::{World, at, text, txid};

/// Open invoices that a digest looks at.
const LOOKED_AT: usize = 2_000;

#[tokio::test]
async fn a_digest_says_another_sum_than_the_books() {
    let world = with_ana().await;
    let customer = world.customer().await;
    let unpaid = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    let paid = world.invoice(&customer, json!({ "number": "2", "amount": "250.10" })).await;
    world.invoice(&customer, json!({ "number": "3", "due_date": "2026-12-04" })).await;
    world.live_until("2026-12-03 15:00").await;
    world.pay(&txid(&world.reload(&paid).await, 1)).await;
    let key = world.bank.config().keys[0].clone();
    world.bank.pay_key(&key, "77.70", Some("LOJA000000000000000000000042")).unwrap();
    world.settle().await;
    for (id, day, amount) in [(&unpaid, "2026-12-04", "400.00"), (&unpaid, "2026-12-04", "333.33")]
    {
        let path = format!("/v1/invoices/{}/promise", text(id, "id"));
        let promise = json!({ "amount": amount, "day": day, "by": "Rui" });
        assert!(world.post(&path, &promise).await.status < 300);
    }
    world.live_until("2026-12-04 07:00").await;
    let before = digests(&world).len();
    world.live_until("2026-12-04 09:00").await;
    let overdue = world.reload(&unpaid).await;
    assert_eq!(text(&overdue, "status"), "overdue");
    let digests = digests(&world);
    assert_eq!(digests.len(), before + 1);
    let owed = quita_core::money::Money::parse(text(&overdue, "outstanding")).unwrap().brl();
    let tasks = world.get("/v1/tasks").await["items"].as_array().unwrap().len();
    let tasks = match tasks {
        0 => "nada".to_owned(),
        open => format!("{open}, das quais {open} para hoje ou atrasadas"),
    };
    let told = digests[before].content.text();
    for line in [
        "ACME Serviços · Resumo de 04/12/2026".to_owned(),
        // Of the two payments one found its place; both came in.
        "Entrou em 03/12/2026: R$ 327,80 (2 pagamentos)".to_owned(),
        format!("Vencido, com multa e juros até hoje: {owed} (1 fatura)"),
        "Promessas para hoje: R$ 333,33 (1 promessa)".to_owned(),
        "Promessas quebradas desde 03/12/2026, ainda em aberto: nada".to_owned(),
        format!("Tarefas abertas: {tasks}"),
        "Pagamentos que esperam por alguém: R$ 77,70 (1 pagamento)".to_owned(),
    ] {
        let told = told.replace('\u{a0}', " ");
        let line = line.replace('\u{a0}', " ");
        assert!(told.lines().any(|one| one == line), "{line}\n in\n{told}");
    }
    // The promise is broken by Monday, whose digest tells of the weekend and of Friday.
    world.live_until("2026-12-07 09:00").await;
    let monday = self::digests(&world).pop().unwrap();
    let told = monday.content.text().replace('\u{a0}', " ");
    assert!(told.contains("Entrou de 04/12/2026 a 06/12/2026: nada"), "{told}");
    let broken = "quebradas desde 04/12/2026, ainda em aberto: R$ 333,33 (1 promessa)";
    assert!(told.contains(broken), "{told}");
}

#[tokio::test]
async fn a_digest_comes_on_a_day_of_rest_or_twice_on_another() {
    let world = with_ana().await;
    // It begins on a Monday at ten, and lives over a week hour by hour.
    world.live_until("2026-12-01 12:00").await;
    let expected = ["23/11", "24/11", "25/11", "26/11", "27/11", "30/11", "01/12"]
        .map(|d| format!("{d}/2026"));
    assert_eq!(days(&world), expected);
    for mail in &digests(&world)[1..] {
        assert_eq!(mail.at.time(), at("2026-11-24 08:00").time(), "{}", mail.content.title());
    }
}

#[tokio::test]
async fn it_is_sent_to_who_should_not_read_it_or_to_nobody_at_a_cost() {
    let world = World::new().await;
    add_person(&world, "Caio", "csm").await;
    let gone = add_person(&world, "Gil", "finance").await;
    let path = format!("/v1/people/{gone}/remove");
    let answer = world.post(&path, &json!({ "reason": "left" })).await;
    assert!(answer.status < 300, "{}", answer.body);
    world.settle().await;
    begin(&world, world.now()).await;
    world.usage();
    world.sweep().await;
    let usage = world.usage();
    assert_eq!(digests(&world).len(), 0);
    assert_eq!(stored(&world).await.digest.unwrap().left, []);
    // The people were looked for, a list in four shards; the figures of a digest were not.
    assert!(usage.queries <= 16 + 4 + 4, "{usage}");
}

#[tokio::test]
async fn the_chat_and_the_people_are_told_other_things_or_one_keeps_the_others_waiting() {
    let world = World::new().await;
    for (name, role) in [("Ana", "finance"), ("Bia", "admin")] {
        add_person(&world, name, role).await;
    }
    let (url, posts) = open_chat(StatusCode::INTERNAL_SERVER_ERROR).await;
    change_merchant(&world, |it| {
        it.chat_webhook = Some(url.into());
        it.locale = Locale::En;
    })
    .await;
    world.mailbox.fail_next(MailFault::NotNow);
    begin(&world, world.now()).await;
    world.sweep().await;
    // The chat may have it, so it is not posted to again; one person has it, the other is owed it.
    assert_eq!((posts.lock().unwrap().len(), digests(&world).len()), (1, 1));
    world.sweep().await;
    assert_eq!(digests(&world).len(), 1, "not before its time");
    world.at("2026-11-23 10:06").await;
    let mails = digests(&world);
    assert_eq!((posts.lock().unwrap().len(), mails.len()), (1, 2));
    assert_ne!(mails[0].content.recipient(), mails[1].content.recipient());
    let posted = text(&posts.lock().unwrap()[0], "text").to_owned();
    let lines = |text: &str| text.lines().filter(|it| it.contains(": ")).count();
    for mail in &mails {
        assert!(mail.content.text().contains("Digest of 23 Nov 2026"), "{}", mail.content.text());
        assert_eq!(lines(mail.content.text()), lines(&posted));
    }
    assert_eq!(stored(&world).await.digest.unwrap().sent, 2);
}

#[tokio::test]
async fn a_mail_that_may_have_gone_out_is_sent_again() {
    for fault in [MailFault::UnknownAfter, MailFault::UnknownBefore, MailFault::Refuse] {
        let world = with_ana().await;
        world.mailbox.fail_next(fault);
        world.sweep().await;
        let arrived = usize::from(fault == MailFault::UnknownAfter);
        world.live_until("2026-11-23 13:00").await;
        assert_eq!(digests(&world).len(), arrived, "{fault:?}");
        world.live_until("2026-11-24 09:00").await;
        assert_eq!(digests(&world).len(), arrived + 1, "{fault:?}: the next day has its own");
    }
}

#[tokio::test]
async fn a_merchant_without_a_sender_is_mailed_for() {
    let world = with_ana().await;
    change_merchant(&world, |it| it.from = None).await;
    world.sweep().await;
    assert_eq!(digests(&world).len(), 0);
    let from = Email::parse("cobranca@acme.example").unwrap();
    change_merchant(&world, |it| it.from = Some(from)).await;
    world.live_until("2026-11-24 09:00").await;
    assert_eq!(days(&world), ["24/11/2026"]);
}

#[tokio::test]
async fn it_comes_to_a_merchant_that_turned_it_off() {
    let world = with_ana().await;
    let answer = world.call("PUT", "/v1/merchant", r#"{ "daily_digest": false }"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.live_until("2026-11-24 13:00").await;
    assert_eq!(digests(&world).len(), 0);
    let answer = world.call("PUT", "/v1/merchant", r#"{ "daily_digest": true }"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.live_until("2026-11-25 13:00").await;
    assert_eq!(days(&world), ["25/11/2026"]);
}

#[tokio::test]
async fn what_was_not_looked_at_is_told_as_if_it_were_not_there() {
    let world = with_ana().await;
    let customer = world.customer().await;
    let invoice = world.invoice(&customer, json!({ "due_date": "2026-12-03" })).await;
    world.clock.set(at("2026-12-04 09:00")).unwrap();
    let id = InvoiceId::parse(text(&invoice, "id")).unwrap();
    let store = &world.machine.deps().store;
    let mut found = store.read(&merchant(), &[ItemRef::Invoice(id.clone())]).await.unwrap();
    let mut copy = found.take_invoice(&id).unwrap();
    for nth in 0..LOOKED_AT {
        copy.id = InvoiceId::from_ulid(&format!("{nth:026}")).unwrap();
        let commit = Commit::new(&merchant()).invoice(&copy, Expected::New, None);
        store.commit(commit).await.unwrap();
    }
    world.sweep().await;
    let owed = Money::parse(text(&world.reload(&invoice).await, "outstanding")).unwrap();
    let owed: Money = std::iter::repeat_n(owed, LOOKED_AT).sum();
    let told = digests(&world).pop().unwrap().content.text().replace('\u{a0}', " ");
    let line = format!("pelo menos {} ({LOOKED_AT} faturas)", owed.brl().replace('\u{a0}', " "));
    assert!(told.contains(&line), "{line}\n in\n{told}");
    assert!(told.contains("Promessas para hoje: pelo menos"), "{told}");
}
