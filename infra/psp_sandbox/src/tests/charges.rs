//! Fears a charge that changes when it must not, or is created from nonsense.

use serde_json::{Value, json};

use super::{KEY, MORNING, TXID, Town, assert_refused, cob_body, cobv_body};
use crate::{ChargeStatus, PayOptions};

fn cobv(txid: &str) -> String {
    format!("/cobv/{txid}")
}

#[tokio::test]
async fn a_created_charge_shows_everything_the_specification_requires() {
    let town = Town::new().await;
    let mut body = cobv_body("123.45", "2026-03-31");
    body["devedor"]["cidade"] = json!("Recife");
    body["valor"]["multa"] = json!({"modalidade": "2", "valorPerc": "15.00"});
    body["ignorado"] = json!(true);
    let (status, charge) = town.call("PUT", &cobv(TXID), body).await;
    assert_eq!(status, 201);
    assert_eq!(charge["txid"], TXID);
    assert_eq!(charge["revisao"], 0);
    assert_eq!(charge["status"], "ATIVA");
    let calendario = json!({
        "criacao": "2026-03-03T13:00:00.000Z",
        "dataDeVencimento": "2026-03-31",
        "validadeAposVencimento": 30,
    });
    assert_eq!(charge["calendario"], calendario);
    assert_eq!(charge["valor"]["multa"], json!({"modalidade": 2, "valorPerc": "15.00"}));
    assert_eq!(charge["devedor"]["cidade"], "Recife");
    assert_eq!(charge["recebedor"]["cnpj"], "11222333000181");
    assert_eq!(charge["chave"], KEY);
    assert_eq!(charge["loc"]["tipoCob"], "cobv");
    assert_eq!(charge["loc"]["location"], charge["location"]);
    assert!(charge["location"].as_str().unwrap().len() <= 77);
    assert!(charge.get("ignorado").is_none() && charge.get("pix").is_none());
    assert_eq!(town.get(&cobv(TXID)).await, (200, charge));
}

#[tokio::test]
async fn a_repeated_put_is_the_same_charge_and_a_changed_one_is_the_next_revision() {
    let town = Town::new().await;
    let first = town.cobv(TXID, "100.00", "2026-03-31").await;
    assert_eq!(town.cobv(TXID, "100.00", "2026-03-31").await, first);
    let second = town.cobv(TXID, "90.00", "2026-03-31").await;
    assert_eq!(second["revisao"], 1);
    assert_eq!(second["loc"], first["loc"]);
    assert_eq!(second["calendario"]["criacao"], first["calendario"]["criacao"]);
    let (_, past) = town.get(&format!("/cobv/{TXID}?revisao=0")).await;
    assert_eq!(past["valor"]["original"], "100.00");
    let answer = town.get(&format!("/cobv/{TXID}?revisao=2")).await;
    assert_refused(&answer, 400, "CobVConsultaInvalida", "revisao");
}

#[tokio::test]
async fn a_patch_changes_only_what_it_names() {
    let town = Town::new().await;
    let mut body = cobv_body("100.00", "2026-03-31");
    body["calendario"]["validadeAposVencimento"] = json!(5);
    body["valor"]["multa"] = json!({"modalidade": 2, "valorPerc": "2.00"});
    town.call("PUT", &cobv(TXID), body).await;
    let change = json!({
        "calendario": {"dataDeVencimento": "2026-04-30"},
        "valor": {"original": "150.00"},
    });
    let (status, charge) = town.call("PATCH", &cobv(TXID), change.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(charge["revisao"], 1);
    assert_eq!(charge["calendario"]["validadeAposVencimento"], 5);
    assert_eq!(charge["valor"]["multa"]["valorPerc"], "2.00");
    assert_eq!(charge["valor"]["original"], "150.00");
    let (_, same) = town.call("PATCH", &cobv(TXID), change).await;
    assert_eq!(same["revisao"], 1);
    let answer = town.call("PATCH", "/cobv/unknownunknownunknownunknown", json!({})).await;
    assert_refused(&answer, 404, "CobVNaoEncontrada", "");
}

#[tokio::test]
async fn removing_is_alone_and_final() {
    let town = Town::new().await;
    town.cobv(TXID, "100.00", "2026-03-31").await;
    let both = json!({"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR", "valor": {"original": "1.00"}});
    let tipo = "CobVOperacaoInvalida";
    assert_refused(&town.call("PATCH", &cobv(TXID), both).await, 400, tipo, "cobv.status");
    let other = json!({"status": "CONCLUIDA"});
    assert_refused(&town.call("PATCH", &cobv(TXID), other).await, 400, tipo, "cobv.status");
    let remove = json!({"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"});
    let (status, charge) = town.call("PATCH", &cobv(TXID), remove.clone()).await;
    assert_eq!((status, &charge["revisao"]), (200, &json!(1)));
    assert_eq!(charge["status"], "REMOVIDA_PELO_USUARIO_RECEBEDOR");
    assert_refused(&town.call("PATCH", &cobv(TXID), remove).await, 400, tipo, "");
    let again = town.call("PUT", &cobv(TXID), cobv_body("100.00", "2026-03-31")).await;
    assert_refused(&again, 400, tipo, "");
}

#[tokio::test]
async fn a_paid_charge_and_a_foreign_txid_take_no_put() {
    let town = Town::new().await;
    town.cobv(TXID, "100.00", "2026-03-31").await;
    let as_cob = town.call("PUT", &format!("/cob/{TXID}"), cob_body("1.00")).await;
    assert_refused(&as_cob, 400, "CobOperacaoInvalida", "");
    assert_refused(&town.get(&format!("/cob/{TXID}")).await, 404, "CobNaoEncontrado", "");
    town.bank.pay(TXID, PayOptions::default()).unwrap();
    let again = town.call("PUT", &cobv(TXID), cobv_body("100.00", "2026-03-31")).await;
    assert_refused(&again, 400, "CobVOperacaoInvalida", "");
    assert_eq!(town.bank.charge(TXID).unwrap().status, ChargeStatus::Concluida);
}

#[tokio::test]
async fn nonsense_in_a_cobv_is_named_field_by_field() {
    let town = Town::new().await;
    let dated = |data: &str, value: &str| {
        let items = json!([{"data": data, "valorPerc": value}]);
        json!({"modalidade": 1, "descontoDataFixa": items})
    };
    let cases = [
        ("/valor/original", json!("10.5"), "cobv.valor.original"),
        ("/valor/original", json!("0.00"), "cobv.valor.original"),
        ("/valor/original", json!(10), "cobv.valor.original"),
        ("/calendario/dataDeVencimento", json!("2026-03-02"), "cobv.calendario.dataDeVencimento"),
        ("/calendario/dataDeVencimento", json!("31/03/2026"), "cobv.calendario.dataDeVencimento"),
        ("/calendario/validadeAposVencimento", json!(-1), "cobv.calendario.validadeAposVencimento"),
        ("/devedor", Value::Null, "cobv.devedor"),
        ("/devedor/cnpj", json!("12abc34501de35"), "cobv.devedor"),
        ("/devedor/cpf", json!("52998224725"), "cobv.devedor"),
        ("/devedor/nome", json!(""), "cobv.devedor.nome"),
        ("/devedor/uf", json!("SPX"), "cobv.devedor.uf"),
        ("/chave", json!("outra@example.com"), "cobv.chave"),
        ("/chave", Value::Null, "cobv.chave"),
        ("/solicitacaoPagador", json!("x".repeat(141)), "cobv.solicitacaoPagador"),
        ("/infoAdicionais", json!([{"nome": "x".repeat(51), "valor": "1"}]), "cobv.infoAdicionais"),
        ("/valor/multa", json!({"modalidade": 3, "valorPerc": "1.00"}), "cobv.valor.multa"),
        ("/valor/juros", json!({"modalidade": 9, "valorPerc": "1.00"}), "cobv.valor.juros"),
        ("/valor/juros", json!({"modalidade": 3, "valorPerc": "0.033"}), "cobv.valor.juros"),
        (
            "/valor/abatimento",
            json!({"modalidade": 1, "valorPerc": "100.00"}),
            "cobv.valor.abatimento",
        ),
        (
            "/valor/abatimento",
            json!({"modalidade": 2, "valorPerc": "100.00"}),
            "cobv.valor.abatimento",
        ),
        (
            "/valor/desconto",
            dated("2026-04-01", "1.00"),
            "cobv.valor.desconto.descontoDataFixa[0].data",
        ),
        (
            "/valor/desconto",
            dated("2026-03-31", "100.00"),
            "cobv.valor.desconto.descontoDataFixa[0]",
        ),
        ("/valor/desconto", json!({"modalidade": 1}), "cobv.valor.desconto.descontoDataFixa"),
        ("/valor/desconto", json!({"modalidade": 3}), "cobv.valor.desconto.valorPerc"),
    ];
    for (pointer, value, property) in cases {
        let mut body = cobv_body("100.00", "2026-03-31");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        let answer = town.call("PUT", &cobv(TXID), body).await;
        assert_refused(&answer, 400, "CobVOperacaoInvalida", property);
    }
    for txid in ["short", &"x".repeat(36), "01JAAAAAAAAAAAAAAAAAAAAAAA-1"] {
        let answer = town.call("PUT", &cobv(txid), cobv_body("1.00", "2026-03-31")).await;
        assert_refused(&answer, 400, "CobVOperacaoInvalida", "cobv.txid");
    }
    assert!(town.bank.charges().is_empty());
}

#[tokio::test]
async fn every_violation_comes_at_once() {
    let town = Town::new().await;
    let (_, body) = town.call("PUT", &cobv(TXID), json!({})).await;
    assert!(body["violacoes"].as_array().unwrap().len() >= 4, "{body}");
}

#[tokio::test]
async fn today_in_sao_paulo_is_not_yesterday_in_utc() {
    // 22:30 of March 10 in São Paulo, already March 11 in UTC.
    let town = Town::with("2026-03-11T01:30:00Z", |_| {}).await;
    town.cobv(TXID, "100.00", "2026-03-10").await;
}

#[tokio::test]
async fn an_immediate_charge_has_its_own_rules() {
    let town = Town::new().await;
    let path = format!("/cob/{TXID}");
    for (body, property) in [
        (json!({"calendario": {"expiracao": 0}}), "cob.calendario.expiracao"),
        (json!({"valor": {"original": "0.00"}}), "cob.valor.original"),
        (
            json!({"valor": {"original": "1.00", "modalidadeAlteracao": 2}}),
            "cob.valor.modalidadeAlteracao",
        ),
    ] {
        let mut whole = cob_body("1.00");
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = town.call("PUT", &path, whole).await;
        assert_refused(&answer, 400, "CobOperacaoInvalida", property);
    }
    let (status, cob) = town.call("PUT", &path, cob_body("1.00")).await;
    assert_eq!((status, &cob["calendario"]["expiracao"]), (201, &json!(3600)));
    assert!(cob.get("recebedor").is_none() && cob.get("devedor").is_none());
    let (status, posted) = town.call("POST", "/cob", cob_body("2.00")).await;
    assert_eq!((status, posted["txid"].as_str().unwrap().len()), (201, 35));
}

#[tokio::test]
async fn a_location_serves_one_charge_of_its_type() {
    let town = Town::new().await;
    let (status, loc) = town.call("POST", "/loc", json!({"tipoCob": "cobv"})).await;
    assert_eq!(status, 201);
    let id = loc["id"].as_i64().unwrap();
    let mut body = cobv_body("100.00", "2026-03-31");
    body["loc"] = json!({"id": id});
    let (_, charge) = town.call("PUT", &cobv(TXID), body.clone()).await;
    assert_eq!(charge["location"], loc["location"]);
    let other = TXID.replace('7', "8");
    let tipo = "CobVOperacaoInvalida";
    assert_refused(&town.call("PUT", &cobv(&other), body).await, 400, tipo, "cobv.loc.id");
    let mut cob = cob_body("1.00");
    cob["loc"] = json!({"id": id});
    let answer = town.call("PUT", &format!("/cob/{other}"), cob).await;
    assert_refused(&answer, 400, "CobOperacaoInvalida", "cob.loc.id");
    // Moving to another location is no revision, and frees the old one.
    let (_, second) = town.call("POST", "/loc", json!({"tipoCob": "cobv"})).await;
    let moved = town.call("PATCH", &cobv(TXID), json!({"loc": {"id": second["id"]}})).await.1;
    assert_eq!((&moved["revisao"], &moved["location"]), (&json!(0), &second["location"]));
    assert!(town.get(&format!("/loc/{id}")).await.1.get("txid").is_none());
    let (status, freed) =
        town.try_call("DELETE", &format!("/loc/{}/txid", second["id"]), None).await.unwrap();
    assert!(status == 200 && freed.get("txid").is_none());
    let (_, charge) = town.get(&cobv(TXID)).await;
    assert!(charge.get("location").is_none() && charge["status"] == "ATIVA");
    let answer = town.call("POST", "/loc", json!({"tipoCob": "rec"})).await;
    assert_refused(&answer, 400, "PayloadLocationOperacaoInvalida", "tipoCob");
    assert_refused(&town.get("/loc/999").await, 404, "PayloadLocationNaoEncontrado", "");
}

#[tokio::test]
async fn a_token_is_asked_for_expires_and_is_checked() {
    let mut town = Town::with(MORNING, |config| config.token_ttl_seconds = 3_600).await;
    town.cobv(TXID, "100.00", "2026-03-31").await;
    town.advance(chrono::TimeDelta::seconds(3_600));
    assert_refused(&town.get(&cobv(TXID)).await, 401, "AcessoNegado", "");
    town.log_in().await;
    assert_eq!(town.get(&cobv(TXID)).await.0, 200);
    town.bank.expire_tokens();
    assert_eq!(town.get(&cobv(TXID)).await.0, 401);
    let form = |secret: &'static str| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", "sandbox-client"),
            ("client_secret", secret),
        ]
    };
    for (secret, status) in [("sandbox-secret", 200), ("wrong", 401)] {
        let request = super::client().post(format!("{}/oauth/token", town.base));
        assert_eq!(request.form(&form(secret)).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn an_unknown_path_or_method_and_a_body_that_is_no_object_are_problems() {
    let town = Town::new().await;
    assert_refused(&town.get("/rec/RR1").await, 404, "NaoEncontrado", "");
    assert_refused(&town.call("POST", "/cobv", json!({})).await, 405, "RequisicaoInvalida", "");
    assert_refused(&town.call("PUT", &cobv(TXID), json!([])).await, 400, "RequisicaoInvalida", "");
}

#[tokio::test]
async fn the_router_works_below_a_path() {
    let town = Town::new().await;
    let router = axum::Router::new().nest("/bank/v2", town.bank.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/bank/v2/webhook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let answer = super::client().get(url).bearer_auth(&town.token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
