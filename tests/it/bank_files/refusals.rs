//! What must not be applied, and says why.

use quita_core::bank_import::{CHUNK_BYTES, PART_BYTES_MAX};
use serde_json::{Value, json};

use super::written::{
    Title, announced, begun, cnab240, credit, import, ofx, ofx_of, put, show, uploaded, uploaded_in,
};
use crate::bad_invoices::assert_wrote_nothing;
use crate::tenants::Other;
use crate::world::{World, text};

fn title() -> Title {
    Title { our_number: "109000123", paid: 100_000, interest: 0, fee: 190, txid: None }
}

/// The lines of a file, to break one of.
fn broken(file: &[u8], line: usize, with: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> =
        file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines[line - 1] = with.to_vec();
    lines.concat()
}

/// Nothing of the file is there: no payment, no line, nothing on the bus but the refusal.
async fn nothing_applied(world: &World, id: &str, doing: &str) {
    world.settle().await;
    assert_eq!(world.parked().await, Vec::<String>::new(), "{doing}");
    let view = show(world, id).await;
    assert_eq!(text(&view, "status"), "refused", "{doing}");
    assert_eq!(view["progress"]["done"], 0, "{doing}");
    // Sweeps find nothing to do for it.
    world.sweep().await;
    assert_eq!(show(world, id).await, view, "{doing}");
}

#[tokio::test]
async fn a_file_with_a_fault_is_refused_whole_with_its_line() {
    let world = World::new().await;
    let said: Vec<_> = (1..=5).map(|nth| credit(&format!("f{nth}"), "10.00", "TED")).collect();
    let (statement, title_file) = (ofx(&said), cnab240(&[title(), title()]));
    let bad = b"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261301<TRNAMT>10.00<FITID>x</STMTTRN>\n";
    let mut accented = title_file.clone();
    let name = accented.windows(6).position(|it| it == b"AURORA").unwrap();
    accented.splice(name..name + 2, "Ã".bytes().chain(*b"U"));
    let cut = |file: &[u8], by: usize| file[..file.len() - by].to_vec();
    let cases: Vec<(&str, &str, Vec<u8>, &str, &str)> = vec![
        ("a PDF", "ofx", b"%PDF-1.7 and more".to_vec(), "lines[1]", "PDF"),
        ("a sheet", "csv", b"PK\x03\x04 and more".to_vec(), "lines[1]", "ZIP"),
        ("UTF-16", "ofx", b"\xff\xfeO\0F\0X\0".to_vec(), "lines[1]", ""),
        ("OFX as CNAB", "cnab240", statement.clone(), "lines[1]", "240"),
        ("CNAB as OFX", "ofx", title_file.clone(), "", "no OFX"),
        ("another account", "ofx", ofx_of("99999-9", &said), "lines[1]", "another account"),
        ("line 7", "ofx", broken(&statement, 7, bad), "lines[7]", "20261301"),
        ("a lost title", "cnab240", broken(&title_file, 3, b""), "", ""),
        ("UTF-8", "cnab240", accented, "lines[3]", "UTF-8"),
        ("cut OFX", "ofx", cut(&statement, 40), "", ""),
        ("cut CNAB", "cnab240", cut(&title_file, 242), "", ""),
        ("binary", "ofx", [&statement[..200], b"\0\0"].concat(), "", "zero"),
    ];
    for (doing, format, file, property, word) in cases {
        let mut body = announced(format);
        if format == "csv" {
            body["csv"] = mapping();
        }
        let id = begun(&world, &body).await;
        assert_eq!(put(&world, &id, "1", &file).await.status, 200, "{doing}");
        let answer = import(&world, &id).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{doing}: {}", answer.body);
        let first = answer.json()["violations"][0].clone();
        assert!(text(&first, "property").starts_with("lines["), "{doing}: {first}");
        if !property.is_empty() {
            assert_eq!(text(&first, "property"), property, "{doing}: {first}");
        }
        assert!(text(&first, "reason").contains(word), "{doing}: {first}");
        nothing_applied(&world, &id, doing).await;
        // It stays refused, with the same words, and is not read again.
        world.usage();
        let again = import(&world, &id).await;
        assert_eq!(again.json()["violations"], answer.json()["violations"], "{doing}");
        assert_wrote_nothing(&world, doing);
    }
}

fn mapping() -> Value {
    json!({
        "encoding": "utf-8", "delimiter": ",", "decimal": ".", "date_format": "%Y-%m-%d",
        "has_header": true, "columns": { "date": "data", "amount": "valor", "memo": "texto" },
    })
}

#[tokio::test]
async fn every_bad_line_is_told_up_to_a_limit() {
    let world = World::new().await;
    let mut body = announced("csv");
    body["csv"] = mapping();
    let id = begun(&world, &body).await;
    let rows: String = (0..150).map(|nth| format!("2026-12-01,abc,row {nth}\n")).collect();
    let file = format!("data,valor,texto\n2026-12-01,10.00,fine\n{rows}");
    put(&world, &id, "1", file.as_bytes()).await;
    let answer = import(&world, &id).await;
    assert_eq!(answer.outcome(), "422 validation-failed");
    let properties = answer.properties();
    assert_eq!(properties.len(), 101, "a hundred, and how many more");
    assert_eq!((properties[0].as_str(), properties[100].as_str()), ("lines[3]", "lines"));
    let refusal = &show(&world, &id).await["refusal"];
    assert_eq!(refusal["more"], 50);
    assert_eq!(refusal["faults"].as_array().unwrap().len(), 100);
    nothing_applied(&world, &id, "150 bad lines").await;
}

#[tokio::test]
async fn an_announcement_with_faults_is_told_all_of_them() {
    let world = World::new().await;
    world.usage();
    let check = async |body: Value, expected: &[&str]| {
        let answer = world.post("/v1/bank_files", &body).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{body}");
        assert_eq!(answer.properties(), expected, "{body}");
        assert_wrote_nothing(&world, &body.to_string());
    };
    let account = |bank: &str, number: &str| json!({ "bank": bank, "number": number });
    check(
        json!({ "name": "", "format": "xls", "account": account("1", "x") }),
        &["name", "format", "account.bank", "account.number"],
    )
    .await;
    let own = account("001", "1");
    let csv = |csv: Value| json!({ "name": "a", "format": "csv", "account": own, "csv": csv });
    check(csv(Value::Null), &["csv"]).await;
    let mut odd = mapping();
    odd["delimiter"] = json!("#");
    odd["columns"]["credit"] = json!("valor");
    check(csv(odd), &["csv.delimiter", "csv.columns.amount", "csv.columns.credit"]).await;
    let mut ofx = csv(mapping());
    ofx["format"] = json!("ofx");
    check(ofx, &["csv"]).await;
    let answer = world.post("/v1/bank_files", &json!({ "name": "a", "formt": "ofx" })).await;
    assert_eq!(answer.outcome(), "400 malformed-request");
}

#[tokio::test]
async fn a_part_is_taken_once_in_order_and_never_changes() {
    let world = World::new().await;
    let file = ofx(&[credit("f1", "10.00", "TED")]);
    let (first, second) = file.split_at(100);
    let id = begun(&world, &announced("ofx")).await;
    assert_eq!(import(&world, &id).await.outcome(), "409 conflict", "there is nothing to import");
    assert_eq!(put(&world, &id, "2", second).await.outcome(), "409 conflict");
    assert_eq!(put(&world, &id, "1", b"").await.outcome(), "422 validation-failed");
    for nth in ["0", "65"] {
        assert_eq!(put(&world, &id, nth, first).await.outcome(), "409 conflict", "part {nth}");
    }
    for nth in ["x", "-1", "65536"] {
        assert_eq!(put(&world, &id, nth, first).await.outcome(), "404 not-found", "part {nth}");
    }
    let large = vec![b' '; PART_BYTES_MAX + 1];
    assert_eq!(put(&world, &id, "1", &large).await.outcome(), "413 body-too-large");
    assert_eq!(put(&world, &id, "1", first).await.status, 200);
    world.usage();
    assert_eq!(put(&world, &id, "1", first).await.status, 200, "the same again");
    assert_wrote_nothing(&world, "the same part again");
    assert_eq!(put(&world, &id, "1", second).await.outcome(), "409 conflict", "other bytes");
    assert_eq!(put(&world, &id, "2", second).await.status, 200);
    assert_eq!(import(&world, &id).await.status, 202);
    assert_eq!(put(&world, &id, "2", second).await.status, 200);
    assert_eq!(put(&world, &id, "3", second).await.outcome(), "409 conflict", "it is over");
    world.settle().await;
    let view = show(&world, &id).await;
    assert_eq!((text(&view, "status"), &view["counts"]["unmatched"]), ("imported", &json!(1)));
}

/// The fear: a crash between two pieces leaves a part nobody can finish, or one of two uploads.
#[tokio::test]
async fn a_part_that_was_cut_by_a_crash_is_finished_by_itself_alone() {
    let mut world = World::new().await;
    let id = begun(&world, &announced("ofx")).await;
    let many: Vec<_> = (0..9_000).map(|nth| credit(&format!("f{nth}"), "1.00", "TED")).collect();
    let bytes = ofx(&many);
    assert!(bytes.len() > 2 * CHUNK_BYTES, "{}", bytes.len());
    world.faults.crash_after(2);
    assert_eq!(put(&world, &id, "1", &bytes).await.status, 503);
    world.restart();
    let other = ofx(&[credit("f2", "20.00", "y")]);
    assert_eq!(put(&world, &id, "1", &other).await.outcome(), "409 conflict");
    assert_eq!(put(&world, &id, "1", &bytes).await.status, 200);
    let answer = import(&world, &id).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
}

#[tokio::test]
async fn a_part_is_the_only_long_body() {
    let world = World::new().await;
    let long = json!({ "name": "x".repeat(70_000) });
    assert_eq!(world.post("/v1/bank_files", &long).await.outcome(), "413 body-too-large");
    let id = begun(&world, &announced("ofx")).await;
    let path = format!("/v1/bank_files/{id}/import");
    assert_eq!(world.post(&path, &long).await.outcome(), "413 body-too-large");
    let path = format!("/v1/bank_files/{id}/parts/1");
    assert_eq!(world.call("GET", &path, "").await.outcome(), "405 method-not-allowed");
    assert_eq!(
        world.call("DELETE", "/v1/bank_files", "").await.outcome(),
        "405 method-not-allowed"
    );
}

#[tokio::test]
async fn a_file_of_another_merchant_is_not_found() {
    let world = World::new().await;
    let other = Other::of(&world).await;
    let file = ofx(&[credit("f1", "10.00", "TED")]);
    let id = uploaded_in(&world, "ofx", &file, 100).await;
    let paths = [
        ("GET", format!("/v1/bank_files/{id}")),
        ("POST", format!("/v1/bank_files/{id}/import")),
        ("PUT", format!("/v1/bank_files/{id}/parts/1")),
        ("GET", "/v1/bank_files/imp_00000000000000000000000001".to_owned()),
        ("GET", "/v1/bank_files/nonsense".to_owned()),
    ];
    for (method, path) in paths {
        let answer = other.call(method, &path, &json!({})).await;
        assert_eq!(answer.outcome(), "404 not-found", "{method} {path}");
    }
    assert_eq!(other.get("/v1/bank_files").await["items"], json!([]));
    assert_eq!(world.get("/v1/bank_files").await["items"].as_array().unwrap().len(), 1);
    let anyone = world.call_with("GET", "/v1/bank_files", &[], "").await;
    assert_eq!(anyone.status, 401);
    assert_eq!(text(&show(&world, &id).await, "status"), "uploading");
}

#[tokio::test]
async fn a_boleto_number_leads_to_one_debt() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let customer = text(&invoice, "customer_id").to_owned();
    let second = world.invoice(&customer, json!({ "number": "2026-002" })).await;
    let path = |invoice: &Value, number: &str| {
        format!("/v1/invoices/{}/instalments/{number}/boleto", text(invoice, "id"))
    };
    let named = json!({ "our_number": "000109/00012-3" });
    let answer = world.post(&path(&invoice, "1"), &named).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["instalments"][0]["our_number"], "109000123");
    let again = world.post(&path(&invoice, "1"), &json!({ "our_number": "109000123" })).await;
    assert_eq!(again.status, 200, "the same number, written otherwise");
    for (path, body, expected) in [
        (path(&second, "1"), named.clone(), "409 conflict"),
        (path(&invoice, "2"), json!({ "our_number": "7" }), "404 not-found"),
        (path(&invoice, "1"), json!({ "our_number": "000" }), "422 validation-failed"),
        (path(&invoice, "1"), json!({ "our_number": "1".repeat(21) }), "422 validation-failed"),
        (path(&invoice, "1"), json!({}), "400 malformed-request"),
    ] {
        assert_eq!(world.post(&path, &body).await.outcome(), expected, "{body}");
    }
    let id = uploaded(&world, "cnab240", &cnab240(&[title()])).await;
    assert_eq!(import(&world, &id).await.status, 202);
    world.settle().await;
    assert_eq!(text(&world.reload(&invoice).await, "status"), "paid");
    assert_eq!(text(&world.reload(&second).await, "status"), "open");
}
