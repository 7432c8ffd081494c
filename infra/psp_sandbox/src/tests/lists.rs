//! Fears a list that hides a charge, repeats one, or never ends.

use serde_json::json;

use super::{KEY, MORNING, TXID, Town, assert_refused};
use crate::{PayOptions, Payer};
use chrono::TimeDelta;

const WINDOW: &str = "inicio=2026-03-01T00:00:00Z&fim=2026-03-31T00:00:00Z";

fn txid(number: usize) -> String {
    format!("{number:032}")
}

#[tokio::test]
async fn pages_count_from_zero_and_cover_everything_once() {
    let town = Town::new().await;
    for number in 0..5 {
        town.cobv(&txid(number), "1.00", "2026-03-31").await;
        town.advance(TimeDelta::seconds(1));
    }
    let mut seen = Vec::new();
    for page in 0..3 {
        let paging = format!("paginacao.paginaAtual={page}&paginacao.itensPorPagina=2");
        let (status, body) = town.get(&format!("/cobv?{WINDOW}&{paging}")).await;
        assert_eq!(status, 200);
        let paginacao = json!({
            "paginaAtual": page, "itensPorPagina": 2,
            "quantidadeDePaginas": 3, "quantidadeTotalDeItens": 5,
        });
        assert_eq!(body["parametros"]["paginacao"], paginacao);
        seen.extend(body["cobs"].as_array().unwrap().iter().map(|it| it["txid"].clone()));
    }
    assert_eq!(json!(seen), json!((0..5).map(txid).collect::<Vec<_>>()));
    let (_, beyond) = town.get(&format!("/cobv?{WINDOW}&paginacao.paginaAtual=9")).await;
    assert_eq!(beyond["cobs"], json!([]));
    let (_, empty) = town.get(&format!("/cob?{WINDOW}")).await;
    assert_eq!(empty["parametros"]["paginacao"]["quantidadeTotalDeItens"], 0);
}

#[tokio::test]
async fn the_window_is_required_inclusive_and_ordered() {
    let town = Town::new().await;
    town.cobv(TXID, "1.00", "2026-03-31").await;
    let exact = format!("/cobv?inicio={MORNING}&fim={MORNING}");
    assert_eq!(town.get(&exact).await.1["cobs"].as_array().unwrap().len(), 1);
    let after = "/cobv?inicio=2026-03-03T13:00:01Z&fim=2026-03-04T00:00:00Z";
    assert_eq!(town.get(after).await.1["cobs"], json!([]));
    let cases = [
        ("fim=2026-03-31T00:00:00Z", "inicio"),
        ("inicio=2026-03-01&fim=2026-03-31T00:00:00Z", "inicio"),
        ("inicio=2026-03-31T00:00:00Z&fim=2026-03-01T00:00:00Z", "fim"),
        (&format!("{WINDOW}&cpf=52998224725&cnpj=12ABC34501DE35"), "cpf"),
        (&format!("{WINDOW}&paginacao.paginaAtual=-1"), "paginacao.paginaAtual"),
        (&format!("{WINDOW}&paginacao.itensPorPagina=1001"), "paginacao.itensPorPagina"),
        (&format!("{WINDOW}&paginacao.itensPorPagina=0"), "paginacao.itensPorPagina"),
    ];
    for (query, property) in cases {
        let lists = [
            ("cob", "CobConsultaInvalida"),
            ("cobv", "CobVConsultaInvalida"),
            ("pix", "PixConsultaInvalida"),
        ];
        for (list, tipo) in lists {
            assert_refused(&town.get(&format!("/{list}?{query}")).await, 400, tipo, property);
        }
    }
    let answer = town.get("/loc").await;
    assert_refused(&answer, 400, "PayloadLocationConsultaInvalida", "inicio");
}

#[tokio::test]
async fn charges_filter_by_debtor_status_and_location() {
    let town = Town::new().await;
    town.cobv(&txid(1), "1.00", "2026-03-31").await;
    town.cobv(&txid(2), "1.00", "2026-03-31").await;
    town.bank.pay(&txid(2), PayOptions::default()).unwrap();
    let cases = [
        ("cnpj=12ABC34501DE35", 2),
        ("cnpj=00000000000191", 0),
        ("status=ATIVA", 1),
        ("status=CONCLUIDA", 1),
        ("locationPresente=true", 2),
        ("locationPresente=false", 0),
    ];
    for (filter, expected) in cases {
        let (_, body) = town.get(&format!("/cobv?{WINDOW}&{filter}")).await;
        assert_eq!(body["cobs"].as_array().unwrap().len(), expected, "{filter}");
    }
    let (_, locs) = town.get(&format!("/loc?{WINDOW}&txIdPresente=true&tipoCob=cobv")).await;
    assert_eq!(locs["loc"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn received_pix_filter_by_settlement_not_by_creation_of_the_charge() {
    let mut town = Town::new().await;
    town.cobv(TXID, "10.00", "2026-03-31").await;
    town.advance(TimeDelta::days(5));
    town.log_in().await;
    let payer = Payer { nome: "Fulano".to_owned(), document: "52998224725".to_owned() };
    let options = PayOptions { payer: Some(payer), ..PayOptions::default() };
    let paid = town.bank.pay(TXID, options).unwrap();
    town.advance(TimeDelta::seconds(1));
    town.bank.pay_key(KEY, "3.00", None).unwrap();
    let returned = town.bank.pay_key(KEY, "4.00", Some("LOJA1")).unwrap();
    town.bank.return_pix(&returned.e2eid, "4.00").unwrap();
    let before = "/pix?inicio=2026-03-03T00:00:00Z&fim=2026-03-04T00:00:00Z";
    assert_eq!(town.get(before).await.1["pix"], json!([]));
    let cases = [
        (String::new(), 3),
        (format!("&txid={TXID}"), 1),
        ("&txid=LOJA1".to_owned(), 1),
        ("&txIdPresente=false".to_owned(), 1),
        ("&devolucaoPresente=true".to_owned(), 1),
        ("&cpf=52998224725".to_owned(), 1),
    ];
    for (filter, expected) in cases {
        let (_, body) = town.get(&format!("/pix?{WINDOW}{filter}")).await;
        assert_eq!(body["pix"].as_array().unwrap().len(), expected, "{filter}");
    }
    let (_, body) = town.get(&format!("/pix?{WINDOW}")).await;
    assert_eq!(body["pix"][0]["endToEndId"], paid.e2eid, "oldest first");
}

#[tokio::test]
async fn webhooks_belong_to_owned_keys_and_can_be_taken_back() {
    let phone = "+5511987654321";
    let town = Town::with(MORNING, |config| config.keys.push(phone.to_owned())).await;
    let url = json!({"webhookUrl": "https://quita.example.com/hook"});
    let (status, body) = town.call("PUT", "/webhook/%2B5511987654321", url.clone()).await;
    assert_eq!((status, body), (200, json!(null)));
    let (_, one) = town.get("/webhook/%2B5511987654321").await;
    assert_eq!((&one["webhookUrl"], &one["chave"]), (&url["webhookUrl"], &json!(phone)));
    let (_, list) = town.get("/webhook").await;
    assert_eq!(list["webhooks"], json!([one]));
    assert_eq!(town.bank.webhooks()[0].url, "https://quita.example.com/hook");
    let tipo = "WebhookOperacaoInvalida";
    let foreign = town.call("PUT", "/webhook/x@example.com", url).await;
    assert_refused(&foreign, 400, tipo, "webhook.chave");
    let path = format!("/webhook/{KEY}");
    for bad in [json!({"webhookUrl": "ftp://x"}), json!({})] {
        assert_refused(&town.call("PUT", &path, bad).await, 400, tipo, "webhook.webhookUrl");
    }
    let gone = town.try_call("DELETE", "/webhook/%2B5511987654321", None).await.unwrap();
    assert_eq!(gone.0, 204);
    assert_refused(&town.get(&path).await, 404, "WebhookNaoEncontrado", "");
}
