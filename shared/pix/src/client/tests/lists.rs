use serde_json::{Value, json};

use super::bank::{Reply, ScriptedBank, cobv, reply};
use crate::client::{ChargeFilter, PAGES_MAX, PixFilter, Window};
use crate::error::PixError;
use crate::wire::CobrancaStatus;

fn window() -> Window {
    Window {
        from: "2026-11-20T03:00:00Z".parse().unwrap(),
        until: "2026-11-21T02:59:59Z".parse().unwrap(),
    }
}

fn page(number: u32, pages: u32, array: &str, items: &[Value]) -> Reply {
    reply(
        200,
        json!({"parametros": {"inicio": "x", "paginacao": {"paginaAtual": number,
            "itensPorPagina": 100, "quantidadeDePaginas": pages,
            "quantidadeTotalDeItens": items.len()}}, array: items}),
    )
}

fn pix(n: u32) -> Value {
    json!({"endToEndId": format!("E12345678202611201200{n:011}"), "valor": "1.00",
        "horario": "2026-11-20T12:00:00Z"})
}

#[tokio::test]
async fn trap_16_pages_are_walked_from_zero_to_the_last() {
    let script = [
        page(0, 3, "pix", &[pix(1), pix(2)]),
        page(1, 3, "pix", &[pix(3)]),
        page(2, 3, "pix", &[pix(4)]),
    ];
    let bank = ScriptedBank::new(script).await;
    let listed = bank.client().list_pix(&PixFilter::settled_within(window())).await.unwrap();
    assert_eq!(listed.items.len(), 4);
    let lines = bank.lines();
    assert_eq!(lines.len(), 3);
    for (number, line) in lines.iter().enumerate() {
        assert!(line.contains(&format!("paginacao.paginaAtual={number}&")), "{line}");
        assert!(line.starts_with("GET /v2/pix?inicio=2026-11-20T03%3A00%3A00Z&fim="), "{line}");
    }
}

#[tokio::test]
async fn trap_16_an_empty_window_ends_at_once() {
    for empty in [
        page(0, 0, "pix", &[]),
        page(0, 1, "pix", &[]),
        page(0, 5, "pix", &[]),
        reply(200, json!({"pix": []})),
        reply(200, json!({})),
        reply(200, json!({"parametros": {"paginacao": null}})),
        page(0, 0, "pix", &[pix(1)]),
    ] {
        let bank = ScriptedBank::new([empty]).await;
        let client = bank.client();
        client.list_pix(&PixFilter::settled_within(window())).await.unwrap();
        assert_eq!(client.calls(), 1);
    }
}

#[tokio::test]
async fn a_window_too_large_is_said_not_cut() {
    let bank = ScriptedBank::new([page(0, PAGES_MAX + 1, "pix", &[pix(1)])]).await;
    let outcome = bank.client().list_pix(&PixFilter::settled_within(window())).await;
    assert!(matches!(outcome, Err(PixError::WindowTooLarge { pages }) if pages == PAGES_MAX + 1));
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_a_walk_does_no_harm() {
    let script = [page(0, 2, "pix", &[pix(1)]), reply(401, ""), page(1, 2, "pix", &[pix(2)])];
    let bank = ScriptedBank::new(script).await;
    let client = bank.client();
    let listed = client.list_pix(&PixFilter::settled_within(window())).await.unwrap();
    assert_eq!(listed.items.len(), 2);
    assert_eq!(client.token_calls(), 2);
}

#[tokio::test]
async fn pages_can_be_taken_one_by_one() {
    let script = [page(0, 2, "pix", &[pix(1)]), page(1, 2, "pix", &[pix(2)])];
    let bank = ScriptedBank::new(script).await;
    let client = bank.client();
    let filter = PixFilter { has_refund: Some(true), ..PixFilter::settled_within(window()) };
    let first = client.pix_page(&filter, 0).await.unwrap();
    assert_eq!(first.next, Some(1));
    assert_eq!(client.pix_page(&filter, 1).await.unwrap().next, None);
    assert!(bank.lines()[0].contains("devolucaoPresente=true"), "{:?}", bank.lines());
}

#[tokio::test]
async fn trap_15_charges_with_a_due_date_are_listed_under_cobs() {
    let filter = ChargeFilter { window: window(), status: Some(CobrancaStatus::Ativa) };
    let bank = ScriptedBank::new([page(0, 1, "cobs", &[cobv()])]).await;
    let listed = bank.client().list_cobv(&filter).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert!(bank.lines()[0].contains("status=ATIVA"));
    let bank = ScriptedBank::new([page(0, 1, "cobsv", &[cobv()])]).await;
    let outcome = bank.client().list_cobv(&filter).await;
    assert!(
        matches!(outcome, Err(PixError::Unknown { .. })),
        "items said to be there are not lost"
    );
}

#[tokio::test]
async fn reads_the_lists_of_the_specification() {
    let script = [
        reply(200, include_str!("../../../fixtures/spec/list_cobv.json")),
        reply(200, include_str!("../../../fixtures/spec/list_loc.json")),
        reply(200, include_str!("../../../fixtures/spec/list_webhook.json")),
        reply(200, include_str!("../../../fixtures/spec/list_pix.json")),
    ];
    let bank = ScriptedBank::new(script).await;
    let client = bank.client();
    let filter = ChargeFilter { window: window(), status: None };
    assert_eq!(client.list_cobv(&filter).await.unwrap().items.len(), 1);
    assert_eq!(client.list_loc(window()).await.unwrap().items.len(), 3);
    assert_eq!(client.list_webhooks().await.unwrap().items.len(), 1);
    // Two of the example's three endToEndIds have 34 characters; the good one still comes out.
    let listed = client.list_pix(&PixFilter::settled_within(window())).await.unwrap();
    assert_eq!((listed.items.len(), listed.malformed.len()), (1, 2));
    assert!(listed.malformed[0].reason.starts_with("endToEndId"));
}
