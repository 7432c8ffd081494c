//! Statements of any length, written as they are read, so that none is ever whole in memory.

use chrono::{Days, NaiveDate};

/// The account of every statement.
pub const ACCOUNT: &str = "12345-6";
/// Movements over which the kinds below repeat.
const CYCLE: usize = 20;
/// Days the movements are spread over, from [`FIRST_DAY`] on.
const DAYS: usize = 21;
const FIRST_DAY: (i32, u32, u32) = (2026, 11, 2);
/// Titles of one lot of CNAB 240: two records each, numbered with five digits.
const LOT_TITLES: usize = 49_000;
const RECORD_COLUMNS: usize = 240;

/// The formats that are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ofx,
    Cnab240,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Ofx, Self::Cnab240];

    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ofx => "ofx",
            Self::Cnab240 => "cnab240",
        }
    }

    /// COMPE code of the bank that writes it.
    pub fn bank(self) -> &'static str {
        match self {
            Self::Ofx => "001",
            Self::Cnab240 => "077",
        }
    }

    /// A statement of so many movements: its opening, each movement, its end.
    pub fn pieces(self, movements: usize) -> Box<dyn Iterator<Item = String>> {
        match self {
            Self::Ofx => {
                let all = (0..movements).map(move |nth| ofx_movement(nth, movements));
                Box::new([OFX_OPENING.to_owned()].into_iter().chain(all).chain([OFX_END.into()]))
            }
            Self::Cnab240 => Box::new(cnab_pieces(movements)),
        }
    }

    /// The same in chunks of `bytes`, the last one shorter.
    pub fn chunks(self, movements: usize, bytes: usize) -> impl Iterator<Item = Vec<u8>> {
        let mut pieces = self.pieces(movements);
        let mut held = Vec::with_capacity(bytes);
        std::iter::from_fn(move || {
            while held.len() < bytes {
                match pieces.next() {
                    Some(piece) => held.extend_from_slice(piece.as_bytes()),
                    None => break,
                }
            }
            let rest = held.split_off(held.len().min(bytes));
            let chunk = std::mem::replace(&mut held, rest);
            (!chunk.is_empty()).then_some(chunk)
        })
    }
}

/// Movements of an OFX statement that name a Pix which is known: one in ten.
pub fn known_pix(movements: usize) -> impl Iterator<Item = KnownPix> {
    (0..movements).filter(|nth| nth % CYCLE < 2).map(move |nth| KnownPix {
        e2eid: e2eid(nth, movements),
        centavos: centavos(nth),
        paid_on: day(nth, movements),
    })
}

/// A Pix that was received before the statement shows it.
pub struct KnownPix {
    pub e2eid: String,
    pub centavos: i64,
    pub paid_on: NaiveDate,
}

fn day(nth: usize, movements: usize) -> NaiveDate {
    let (year, month, day) = FIRST_DAY;
    let first = NaiveDate::from_ymd_opt(year, month, day).expect("the first day exists");
    first + Days::new((nth * DAYS / movements) as u64)
}

/// R$ 1.00 to R$ 9,999.99, all over the place.
fn centavos(nth: usize) -> i64 {
    100 + i64::try_from(nth * 7_919 % 999_900).expect("it is below a million")
}

fn e2eid(nth: usize, movements: usize) -> String {
    format!("E12345678{}1200{nth:011}", day(nth, movements).format("%Y%m%d"))
}

const OFX_OPENING: &str = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\n\
ENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n\
<BANKMSGSRSV1>\n<STMTTRNRS>\n<STMTRS>\n<CURDEF>BRL\n<BANKACCTFROM>\n<BANKID>001\n\
<ACCTID>12345-6\n<ACCTTYPE>CHECKING\n</BANKACCTFROM>\n<BANKTRANLIST>\n";
const OFX_END: &str = "</BANKTRANLIST>\n</STMTRS>\n</STMTTRNRS>\n</BANKMSGSRSV1>\n</OFX>\n";

/// Of twenty: two known Pix, one that nobody knows, nine transfers without a key, six debits, two
/// fees of the bank.
fn ofx_movement(nth: usize, movements: usize) -> String {
    let (kind, sign, memo) = match nth % CYCLE {
        0..=2 => ("CREDIT", "", {
            // A Pix of another day: the bank has to be asked.
            let known = if nth % CYCLE == 2 { nth + movements } else { nth };
            let id = format!("E12345678{}1200{known:011}", day(nth, movements).format("%Y%m%d"));
            format!("PIX RECEBIDO PADARIA AURORA {id}")
        }),
        3..=11 => ("CREDIT", "", format!("TED RECEBIDA CLIENTE {:04} LTDA", nth % 997)),
        12..=17 => ("DEBIT", "-", format!("PAGAMENTO FORNECEDOR {:03}", nth % 89)),
        _ => ("FEE", "-", "TARIFA PACOTE DE SERVICOS".to_owned()),
    };
    let (day, amount) = (day(nth, movements).format("%Y%m%d"), centavos(nth));
    let (reais, cents) = (amount / 100, amount % 100);
    format!(
        "<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>{day}120000[-03:EST]\n\
         <TRNAMT>{sign}{reais}.{cents:02}\n<FITID>{day}{nth:07}\n<CHECKNUM>{nth:07}\n\
         <MEMO>{memo}\n</STMTTRN>\n"
    )
}

fn cnab_pieces(titles: usize) -> impl Iterator<Item = String> {
    let lots = titles.div_ceil(LOT_TITLES);
    let header = record(&[
        (1, "077"),
        (4, "00000"),
        (18, "2"),
        (19, "11222333000181"),
        (59, "000000012345"),
        (71, "6"),
        (73, "ACME"),
        (143, "2"),
        (144, "22112026"),
    ]);
    let inside = (0..lots).flat_map(move |lot| lot_pieces(lot, titles));
    let records = 2 + 2 * lots + 2 * titles;
    let counts = format!("{lots:06}{records:06}");
    let trailer = record(&[(1, "077"), (4, "99999"), (18, &counts)]);
    [header].into_iter().chain(inside).chain([trailer])
}

fn lot_pieces(lot: usize, titles: usize) -> impl Iterator<Item = String> {
    let (first, number) = (lot * LOT_TITLES, format!("{:04}", lot + 1));
    let last = titles.min(first + LOT_TITLES);
    let count = format!("{:06}", 2 + 2 * (last - first));
    let opening = record(&[(1, "077"), (4, &number), (8, "1"), (9, "T01")]);
    let end = record(&[(1, "077"), (4, &number), (8, "5"), (18, &count)]);
    let inside = (first..last).map(move |nth| title(nth, nth - first, &number, titles));
    [opening].into_iter().chain(inside).chain([end])
}

/// Two records. Of twenty: fourteen paid, one paid after it was written off, three notices, two
/// fees.
fn title(nth: usize, in_lot: usize, lot: &str, titles: usize) -> String {
    let occurrence = match nth % CYCLE {
        0..=13 => "06",
        14 => "17",
        15..=17 => "02",
        _ => "28",
    };
    let paid = if matches!(occurrence, "06" | "17") { centavos(nth) } else { 0 };
    let (number, document) = (format!("{:020}", 7_000_000 + nth), format!("NF-{nth}"));
    let sequences = [1, 2].map(|of_two| format!("{:05}", 2 * in_lot + of_two));
    let segment = |of_two: usize, letter: &str, fields: &[(usize, &str)]| {
        let place = [(1, "077"), (4, lot), (8, "3"), (9, sequences[of_two].as_str())];
        record(&[&place[..], &[(14, letter), (16, occurrence)], fields].concat())
    };
    let (face, fee) = (format!("{:015}", centavos(nth)), format!("{:015}", 190));
    let first = segment(
        0,
        "T",
        &[
            (38, &number),
            (59, &document),
            (74, "10112026"),
            (82, &face),
            (133, "2"),
            (134, "012ABC34501DE35"),
            (149, "PADARIA AURORA LTDA"),
            (199, &fee),
        ],
    );
    let amounts = [0, 0, 0, 0, paid, paid];
    let amounts: String = amounts.iter().map(|amount| format!("{amount:015}")).collect();
    let (on, nothing) = (day(nth, titles).format("%d%m%Y").to_string(), "0".repeat(30));
    let second = segment(1, "U", &[(18, &amounts), (108, &nothing), (138, &on), (146, &on)]);
    first + &second
}

/// A line of blanks with `fields` put at their first columns, counted from 1.
fn record(fields: &[(usize, &str)]) -> String {
    let mut line = " ".repeat(RECORD_COLUMNS);
    for (first, text) in fields {
        line.replace_range(first - 1..first - 1 + text.len(), text);
    }
    line + "\r\n"
}
