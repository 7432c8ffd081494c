//! Writes bank files for the tests, and uploads them as a merchant would.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::world::{Answer, World, api_request, text};

/// The account every file is of, unless it says otherwise.
pub const ACCOUNT: &str = "12345-6";

/// One movement of a statement.
#[derive(Clone)]
pub struct Said {
    pub kind: &'static str,
    /// `yyyymmdd`
    pub day: &'static str,
    pub amount: String,
    pub id: String,
    pub memo: String,
}

/// Money that came on the first of December.
pub fn credit(id: &str, amount: &str, memo: &str) -> Said {
    Said {
        kind: "CREDIT",
        day: "20261201",
        amount: amount.to_owned(),
        id: id.to_owned(),
        memo: memo.to_owned(),
    }
}

/// Money that went.
pub fn debit(kind: &'static str, id: &str, amount: &str, memo: &str) -> Said {
    Said { kind, ..credit(id, &format!("-{amount}"), memo) }
}

/// A statement of [`ACCOUNT`] at the bank 001.
pub fn ofx(said: &[Said]) -> Vec<u8> {
    ofx_of(ACCOUNT, said)
}

/// A statement of an account.
pub fn ofx_of(account: &str, said: &[Said]) -> Vec<u8> {
    let movement = |it: &Said| {
        let Said { kind, day, amount, id, memo } = it;
        format!(
            "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{id}<MEMO>{memo}\
             </STMTTRN>\n"
        )
    };
    let inside: String = said.iter().map(movement).collect();
    format!(
        "OFXHEADER:100\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL\n\
         <BANKACCTFROM><BANKID>001<ACCTID>{account}</BANKACCTFROM>\n<BANKTRANLIST>\n{inside}\
         </BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )
    .into_bytes()
}

/// A paid title of a return file. Amounts are centavos.
pub struct Title {
    pub our_number: &'static str,
    pub paid: u64,
    pub interest: u64,
    pub fee: u64,
    pub txid: Option<String>,
}

/// A CNAB 240 return of [`ACCOUNT`] at a bank that keeps to the layout of FEBRABAN.
pub fn cnab240(titles: &[Title]) -> Vec<u8> {
    let mut lines = vec![record(&[
        (1, "077"),
        (4, "00000"),
        (18, "2"),
        (19, "11222333000181"),
        (53, "00000"),
        (59, "000000012345"),
        (71, "6"),
        (73, "ACME"),
        (143, "2"),
        (144, "02122026"),
    ])];
    lines.push(record(&[(1, "077"), (4, "0001"), (8, "1"), (9, "T01")]));
    let mut sequence = 0;
    let mut detail = |segment: &str, fields: &[(usize, &str)]| {
        sequence += 1;
        let number = format!("{sequence:05}");
        let control = [(1, "077"), (4, "0001"), (8, "3"), (9, number.as_str()), (14, segment)];
        record(&[&control, fields].concat())
    };
    for title in titles {
        let number = format!("{:0>20}", title.our_number);
        let (face, fee) = (format!("{:015}", 100_000), format!("{:015}", title.fee));
        let told = [(16, "06"), (38, number.as_str()), (59, "NF-1"), (74, "10122026")];
        let rest = [(82, face.as_str()), (149, "PADARIA AURORA LTDA"), (199, fee.as_str())];
        lines.push(detail("T", &[&told[..], &rest[..]].concat()));
        let amounts = [title.interest, 0, 0, 0, title.paid, title.paid];
        let amounts: String = amounts.iter().map(|amount| format!("{amount:015}")).collect();
        let nothing = "0".repeat(30);
        let days = [(108, nothing.as_str()), (138, "01122026"), (146, "02122026")];
        lines.push(detail("U", &[&[(16, "06"), (18, amounts.as_str())][..], &days[..]].concat()));
        if let Some(txid) = &title.txid {
            lines.push(detail("Y", &[(18, "03"), (159, txid)]));
        }
    }
    let count = format!("{:06}", lines.len());
    lines.push(record(&[(1, "077"), (4, "0001"), (8, "5"), (18, &count)]));
    let counts = format!("{:06}{:06}", 1, lines.len() + 1);
    lines.push(record(&[(1, "077"), (4, "99999"), (18, &counts)]));
    lines.iter().flat_map(|line| line.iter().copied().chain(*b"\r\n")).collect()
}

fn record(fields: &[(usize, &str)]) -> Vec<u8> {
    let mut line = vec![b' '; 240];
    for (first, text) in fields {
        line[first - 1..first - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    line
}

/// What is announced of a file.
pub fn announced(format: &str) -> Value {
    let bank = if format == "cnab240" { "077" } else { "001" };
    json!({
        "name": format!("dezembro.{format}"),
        "format": format,
        "account": { "bank": bank, "number": ACCOUNT },
    })
}

/// The id of a new upload.
pub async fn begun(world: &World, body: &Value) -> String {
    let answer = world.post("/v1/bank_files", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json(), "id").to_owned()
}

/// Puts bytes as a part, as API Gateway hands them over.
pub async fn put(world: &World, id: &str, part: &str, bytes: &[u8]) -> Answer {
    let path = format!("/v1/bank_files/{id}/parts/{part}");
    let bearer = world.bearer();
    let mut request = api_request("PUT", &path, &[("authorization", bearer.as_str())], "");
    request.body = Some(STANDARD.encode(bytes));
    request.is_base64_encoded = true;
    Answer::of(world.machine.http(request).await)
}

/// Uploads a file in parts of `size` bytes.
pub async fn uploaded_in(world: &World, format: &str, file: &[u8], size: usize) -> String {
    let id = begun(world, &announced(format)).await;
    for (nth, bytes) in file.chunks(size).enumerate() {
        let answer = put(world, &id, &(nth + 1).to_string(), bytes).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    id
}

pub async fn uploaded(world: &World, format: &str, file: &[u8]) -> String {
    uploaded_in(world, format, file, 1_000_000).await
}

pub async fn import(world: &World, id: &str) -> Answer {
    world.post(&format!("/v1/bank_files/{id}/import"), &json!({})).await
}

pub async fn show(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/bank_files/{id}")).await
}

/// Uploads and imports a file, and lets everything that follows happen.
pub async fn imported(world: &World, format: &str, file: &[u8]) -> Value {
    let id = uploaded(world, format, file).await;
    let answer = import(world, &id).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    let view = show(world, &id).await;
    assert_eq!(text(&view, "status"), "imported", "{view}");
    view
}

/// The counts that are not zero.
pub fn counts(view: &Value) -> Value {
    let mut counts = view["counts"].clone();
    counts.as_object_mut().unwrap().retain(|_, count| *count != 0);
    counts
}
