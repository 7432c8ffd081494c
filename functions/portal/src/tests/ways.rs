//! The three ways out of a debt: that one of them leads nowhere, or that who may only look takes
//! one.

use quita_app::links::{PageLink, Scope};
use quita_core::ids::Txid;
use quita_core::invoice::{Command, DisputeOutcome, Handle, Invoice};
use quita_core::money::Money;

use super::fixtures::*;

const NOW: &str = "2026-12-14 10:00";

fn handled(invoice: Invoice, asked: Handle) -> Invoice {
    run(invoice, Command::Handle(asked), NOW)
}

fn promised(invoice: Invoice, day: &str) -> Invoice {
    let (amount, day) = (Money::from_centavos(150_000), day.parse().unwrap());
    handled(invoice, Handle::Promise { amount, day, by: "Maria Souza".into(), grace_days: 1 })
}

#[tokio::test]
async fn a_way_is_missing_or_leads_nowhere() {
    for lang in ["pt-BR", "en"] {
        let world = World::with(&issued(opened(&draft()))).await;
        let page = world.get(&format!("?lang={lang}"), NOW).await.markup();
        let (_, ways) = page.split_once("<section id=\"options\"").unwrap();
        let (ways, _) = ways.split_once("</section>").unwrap();
        assert_eq!(ways.matches("<li>").count(), 3, "{ways}");
        assert!(page.contains("id=\"pay\"") && ways.contains("href=\"#pay\""));
        for name in ["part", "promise", "question"] {
            let path = format!("/{name}?lang={lang}");
            assert!(ways.contains(&format!("href=\"{}{path}\"", world.path())), "{name}: {ways}");
            let answer = world.get(&path, NOW).await;
            assert_eq!(answer.status, 200, "{name}");
            assert!(answer.body.contains(&format!("<html lang=\"{lang}\">")), "{name}");
        }
    }
}

#[tokio::test]
async fn who_may_only_look_is_offered_a_way() {
    let invoice = issued(opened(&draft()));
    let link = PageLink::to(&invoice, Scope::View, at("2026-11-23 10:00"));
    let world = World::with(&invoice).await.through(&link);
    assert!(!world.get("", NOW).await.body.contains("id=\"options\""));
    for name in ["/part", "/promise", "/question"] {
        assert_eq!(world.get(name, NOW).await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn what_is_paid_is_offered_to_be_paid_in_parts() {
    let world = World::with(&paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32")).await;
    assert!(!world.get("", NOW).await.body.contains("id=\"options\""));
    for name in ["/part", "/promise"] {
        let answer = world.get(name, NOW).await;
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.body.contains("Não há nada a combinar agora"), "{name}");
        assert!(!answer.body.contains("<form") && !answer.body.contains("id=\"code\""), "{name}");
    }
}

#[tokio::test]
async fn a_part_is_taken_by_a_code_that_names_an_amount_or_somebody_else() {
    let invoice = issued(opened(&draft()));
    let page = World::with(&invoice).await.get("/part", NOW).await.markup();
    let (_, code) = page.split_once("id=\"code\"").unwrap();
    let code = code.split_once('>').unwrap().1.split_once('<').unwrap().0;
    let code = quita_pix::brcode::parse_strict(code).unwrap();
    assert_eq!(code.amount, None);
    assert_eq!(code.txid, Some(Txid::for_customer(&invoice.customer).as_str()));
    assert!(!page.contains(CODE), "the charge's own code takes no part");
}

#[tokio::test]
async fn a_part_is_taken_while_paying_would_be_wrong() {
    let waiting = opened(&draft());
    let world = World::with(&waiting).await;
    let page = world.get("", NOW).await.markup();
    assert!(!page.contains("/part\""), "{page}");
    assert!(page.contains("Escreva quanto pode pagar"), "there is another way: {page}");
    assert!(!world.get("/part", NOW).await.body.contains("id=\"code\""));
    let returned = returned(paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32"), NOW);
    assert!(!World::with(&returned).await.get("/part", NOW).await.body.contains("id=\"code\""));
}

#[tokio::test]
async fn who_promised_is_not_told_what_is_on_record() {
    let open = issued(opened(&draft()));
    let said =
        async |invoice: &Invoice, now: &str| World::with(invoice).await.get("", now).await.markup();
    assert!(!said(&open, NOW).await.contains("class=\"agreed\""));
    let invoice = promised(open.clone(), "2026-12-18");
    let page = said(&invoice, NOW).await;
    assert!(page.contains("Pagamento prometido para 18/12/2026"), "{page}");
    assert!(!page.contains("Maria"), "a link can be forwarded");
    let page = said(&invoice, "2026-12-19 10:00").await;
    assert!(page.contains("prometido para 18/12/2026 ainda não foi localizado"), "{page}");
    let disputed = handled(open, Handle::Dispute { reason: "wrong goods".into() });
    let page = said(&disputed, NOW).await;
    assert!(page.contains("Contestação em análise") && !page.contains("wrong goods"), "{page}");
    let outcome = DisputeOutcome::Rejected;
    let closed = handled(disputed, Handle::CloseDispute { outcome, reason: "x".into() });
    assert!(!said(&closed, NOW).await.contains("Contestação"));
}

#[tokio::test]
async fn a_form_cannot_be_filled_without_a_script_or_by_a_screen_reader() {
    let world = World::with(&issued(opened(&draft()))).await;
    for name in ["/promise", "/question"] {
        let page = world.get(name, NOW).await;
        let form = page.markup();
        assert!(form.contains("<form method=\"post\""), "{form}");
        assert!(page.header("content-security-policy").contains("form-action 'self'"));
        let ids = form.match_indices(" id=\"").map(|(at, found)| &form[at + found.len()..]);
        let ids: Vec<&str> = ids.filter_map(|rest| rest.split('"').next()).collect();
        for label in form.match_indices("for=\"").map(|(at, found)| &form[at + found.len()..]) {
            let names = label.split('"').next().unwrap();
            assert!(ids.contains(&names), "{names} labels nothing");
        }
        let fields = form.matches("<input").count() + form.matches("<textarea").count();
        assert_eq!(form.matches("<label").count(), fields, "{name}");
    }
    let form = world.get("/promise", NOW).await.body;
    assert!(form.contains("min=\"2026-12-14\" max=\"2027-12-15\""), "{form}");
}

#[tokio::test]
async fn pages_of_the_ways() {
    let world = World::with(&issued(opened(&draft()))).await;
    for lang in ["pt-BR", "en"] {
        for name in ["part", "promise"] {
            let page = world.get(&format!("/{name}?lang={lang}"), NOW).await.markup();
            insta::assert_snapshot!(format!("{name}.{lang}"), page);
        }
    }
}
