//! Letters: what is printed is what the payer needs, and the window shows nothing but an address.

use proptest::prelude::*;

use super::fixtures::*;
use crate::*;

/// A string as it stands on a page, in points from the left and from below.
struct Shown {
    page: usize,
    x: f32,
    y: f32,
    size: f32,
    text: String,
}

/// The strings of a PDF in the order they were drawn. Content streams of a letter are not
/// compressed.
fn shown(pdf: &[u8]) -> Vec<Shown> {
    let file: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    let mut found = Vec::new();
    let drawn = file.split("endstream").filter(|stream| stream.contains("\nBT\n"));
    for (page, stream) in drawn.enumerate() {
        for part in stream.split("\nBT\n").skip(1) {
            let part = part.split("\nET").next().unwrap();
            let line = |operator| part.lines().find_map(|line| line.strip_suffix(operator));
            let (x, y) = line(" Td").unwrap().split_once(' ').unwrap();
            let size = line(" Tf").unwrap().rsplit_once(' ').unwrap().1;
            let number = |text: &str| text.parse::<f32>().unwrap();
            found.push(Shown {
                page,
                x: number(x),
                y: number(y),
                size: number(size),
                text: string(line(" Tj").unwrap()),
            });
        }
    }
    found
}

/// A PDF string, literal or hexadecimal, of WinAnsi characters that are also Latin 1.
fn string(written: &str) -> String {
    if let Some(hex) = written.strip_prefix('<') {
        let digits = hex.trim_end_matches('>').as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        return digits.chunks(2).map(|pair| char::from(byte(pair).unwrap())).collect();
    }
    let inner = written.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap();
    inner.replace("\\(", "(").replace("\\)", ")").replace("\\\\", "\\")
}

fn words(pdf: &[u8]) -> String {
    shown(pdf).into_iter().map(|it| it.text).collect::<Vec<_>>().join(" ")
}

/// What is written without the breaks of lines.
fn joined(pdf: &[u8]) -> String {
    shown(pdf).into_iter().map(|it| it.text).collect()
}

#[test]
fn a_letter_on_paper_lacks_what_the_payer_needs() {
    each_kind(|kind, locale, facts| {
        let letter = render_letter(kind, locale, facts, &postal_address()).unwrap();
        assert!(letter.pdf.starts_with(b"%PDF-") && letter.pdf.ends_with(b"%%EOF"), "{kind}");
        let (words, joined) = (words(&letter.pdf), joined(&letter.pdf));
        for part in ["Papéis do Norte", "CNPJ 11.222.333/0001-81", "01301-100", "São Paulo - SP"]
        {
            assert!(words.contains(part), "{kind} lacks {part}: {words}");
        }
        assert!(joined.contains(PAGE) && words.contains(REPLY_TO), "{kind}: {words}");
        if let Facts::Payable(facts) = facts {
            let amount = facts.payment.amount();
            assert!(words.contains(&format::money(amount.total, locale)), "{kind}: {words}");
            assert!(words.contains(&format::date(amount.adjusted_due, locale)), "{kind}");
            assert!(joined.contains(CODE), "{kind}: {joined}");
        }
    });
}

#[test]
fn a_word_of_the_history_is_not_on_paper() {
    each_kind(|kind, locale, facts| {
        let letter = render_letter(kind, locale, facts, &postal_address()).unwrap();
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let paper = squeezed(&joined(&letter.pdf));
        for line in letter.text.lines() {
            let (label, value) = line.split_once(": ").unwrap_or(("", line));
            for part in [label, value] {
                assert!(paper.contains(&squeezed(part)), "{kind} {}: {part}", locale.as_str());
            }
        }
    });
}

#[test]
fn the_qr_code_on_paper_is_read_as_the_code() {
    let facts = typical(MessageKind::DueToday);
    let letter =
        render_letter(MessageKind::DueToday, Locale::PtBr, &facts, &postal_address()).unwrap();
    let text: String = letter.pdf.iter().map(|byte| char::from(*byte)).collect();
    let object = text.find("/Subtype /Image").unwrap();
    let start = object + text[object..].find("stream\n").unwrap() + "stream\n".len();
    let end = start + text[start..].find("\nendstream").unwrap();
    let rows: Vec<u8> =
        text[start..end].chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert!(text.contains("/Width 244") && text.contains("/Height 244"));
    assert!(text.contains("/Predictor 15") && text.contains("/Columns 244"));
    // The picture's own header around the rows as they stand in the file.
    let mut png = include_bytes!("qr.png")[..33].to_vec();
    png.extend(u32::try_from(rows.len()).unwrap().to_be_bytes());
    png.extend(b"IDAT");
    png.extend(&rows);
    png.extend([0; 4]);
    png.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.ignore_checksums(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(244, 244, |x, y| pixels[y * 244 + x]);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1);
    assert_eq!(grids[0].decode().unwrap().1, CODE);
}

/// How often each picture is drawn: the code's, and the page's.
fn drawn(pdf: &[u8]) -> [usize; 2] {
    let file: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    ["/Q Do", "/P Do"].map(|operator| file.matches(operator).count())
}

#[test]
fn nobody_can_open_the_page_from_paper() {
    for kind in payable_kinds() {
        let mut facts = typical(kind);
        let plain = render_letter(kind, Locale::PtBr, &facts, &postal_address()).unwrap();
        assert_eq!(drawn(&plain.pdf), [1, 0], "{kind}");
        facts.page_qr = QrPicture::png(include_bytes!("qr.png").to_vec()).ok();
        let letter = render_letter(kind, Locale::PtBr, &facts, &postal_address()).unwrap();
        assert_eq!(drawn(&letter.pdf), [1, 1], "{kind}");
        assert!(words(&letter.pdf).contains("aponte a câmera do celular"), "{kind}");
        assert!(joined(&letter.pdf).contains(PAGE), "{kind}: it can still be typed");
    }
}

#[test]
fn a_demand_on_paper_offers_a_way_that_leads_nowhere() {
    let (kind, facts) = (MessageKind::Demand, typical(MessageKind::Demand));
    for (locale, ways) in [
        (Locale::PtBr, ["use o Pix abaixo", "\"Pagar uma parte\"", "informe o dia do pagamento"]),
        (Locale::En, ["use the Pix below", "\"Pay a part\"", "say on which day you will pay"]),
    ] {
        let letter = render_letter(kind, locale, &facts, &postal_address()).unwrap();
        for way in ways {
            assert!(letter.text.contains(way), "{way}: {}", letter.text);
        }
        assert!(letter.text.contains(PAGE) && letter.text.contains(CODE));
    }
}

#[test]
fn the_same_facts_give_the_same_letter() {
    let facts = typical(MessageKind::Demand);
    let write =
        || render_letter(MessageKind::Demand, Locale::PtBr, &facts, &postal_address()).unwrap().pdf;
    assert_eq!(write(), write());
    assert!(!write().windows(12).any(|it| it == b"CreationDate"));
}

#[test]
fn through_the_window_shows_nothing_but_the_address() {
    let mut facts = typical(MessageKind::Demand);
    facts.merchant.name = "Papéis do Norte Indústria e Comércio de Embalagens ".repeat(2);
    let mut to = postal_address();
    to.street = "Avenida Presidente Castelo Branco, 12345, galpão 7, bloco B, fundos ".repeat(3);
    let letter = render_letter(MessageKind::Demand, Locale::PtBr, &facts, &to).unwrap();
    // In points from below: 45 to 90 mm from the upper edge, at most 105 mm from the left.
    let (lowest, highest) = (841.9 - 90.0 * 2.8346, 841.9 - 45.0 * 2.8346);
    let window: Vec<_> = shown(&letter.pdf)
        .into_iter()
        .filter(|it| it.page == 0 && it.x < 105.0 * 2.8346 && (lowest..highest).contains(&it.y))
        .map(|it| it.text)
        .collect();
    assert!(window[0].starts_with("Padaria Pão Nosso"), "{window:?}");
    assert_eq!(window.last().unwrap(), "01301-100", "{window:?}");
    let all = window.join(" ");
    for word in ["R$", "Fatura", "venc", "Prezados", "Papéis", "2026"] {
        assert!(!all.contains(word), "{word}: {window:?}");
    }
}

#[test]
fn a_line_runs_off_the_paper() {
    let mut facts = typical(MessageKind::FifteenDaysLate);
    facts.customer_name = "W".repeat(500);
    facts.approver = Some("W".repeat(500));
    facts.page_qr = QrPicture::png(include_bytes!("qr.png").to_vec()).ok();
    facts.merchant.name = "M".repeat(500);
    facts.invoice.description = Some("W".repeat(5_000));
    facts.invoice.po_number = Some("Pedido com um nome bem comprido ".repeat(100));
    let letter =
        render_letter(MessageKind::FifteenDaysLate, Locale::PtBr, &facts, &postal_address());
    let letter = letter.unwrap();
    let shown = shown(&letter.pdf);
    for Shown { x, y, size, text, .. } in &shown {
        assert!((20.0..575.0).contains(x) && (25.0..830.0).contains(y), "{x} {y} {text}");
        let thousandths: f32 = text.chars().map(|c| f32::from(width_at_least(c))).sum();
        assert!(x + thousandths * size / 1000.0 < 575.0, "{x} {text}");
    }
    assert!(shown.last().unwrap().page > 0, "so much text on one page");
    assert!(joined(&letter.pdf).contains(CODE));
}

/// Width of the two widest letters in thousandths of the size, and what any other takes at least.
fn width_at_least(character: char) -> u16 {
    match character {
        'W' => 944,
        'M' => 833,
        _ => 190,
    }
}

#[test]
fn a_picture_that_paper_cannot_show_is_refused_and_not_printed_blank() {
    let good = include_bytes!("qr.png").to_vec();
    let spoilt = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    let mut cut = good.clone();
    cut.truncate(40);
    // Depth 16, colour with alpha, interlaced, no width, far too wide, no rows.
    let bad = [spoilt(24, 16), spoilt(25, 6), spoilt(28, 1), spoilt(19, 0), spoilt(16, 0x7f), cut];
    for (i, png) in bad.into_iter().enumerate() {
        let mut facts = typical(MessageKind::DueToday);
        facts.payment = PaymentBlock::new(
            facts.payment.amount().clone(),
            facts.payment.last_payable_day(),
            facts.payment.code().clone(),
            QrPicture::png(png).unwrap(),
            facts.payment.page().clone(),
        )
        .unwrap();
        let letter = render_letter(MessageKind::DueToday, Locale::PtBr, &facts, &postal_address());
        assert!(matches!(letter, Err(RenderError::QrPicture)), "bad picture {i}: {letter:?}");
    }
}

#[test]
fn a_name_breaks_out_of_a_string_of_the_file() {
    let mut facts = typical(MessageKind::DueToday);
    facts.customer_name = r"Zé \) Tj ET (((\ <script> endstream endobj".to_owned();
    facts.merchant.name = ") Tj ET BT (".to_owned();
    let letter =
        render_letter(MessageKind::DueToday, Locale::PtBr, &facts, &postal_address()).unwrap();
    assert!(shown(&letter.pdf).iter().any(|it| it.text == ") Tj ET BT ("));
    assert!(joined(&letter.pdf).contains(r"Zé \) Tj ET (((\ <script> endstream endobj"));
}

#[test]
fn an_address_without_a_street_is_refused() {
    let mut to = postal_address();
    to.street = " ".to_owned();
    let facts = typical(MessageKind::DueToday);
    let letter = render_letter(MessageKind::DueToday, Locale::PtBr, &facts, &to);
    assert!(matches!(letter, Err(RenderError::Blank("address"))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_broken_picture_breaks_the_letter(at in 8_usize..200, byte: u8, keep in 9_usize..964) {
        let mut png = include_bytes!("qr.png").to_vec();
        png[at] = byte;
        png.truncate(keep);
        let mut facts = typical(MessageKind::DueToday);
        facts.payment = PaymentBlock::new(
            facts.payment.amount().clone(),
            facts.payment.last_payable_day(),
            facts.payment.code().clone(),
            QrPicture::png(png).unwrap(),
            facts.payment.page().clone(),
        )
        .unwrap();
        let kind = MessageKind::DueToday;
        match render_letter(kind, Locale::PtBr, &facts, &postal_address()) {
            Ok(letter) => prop_assert!(joined(&letter.pdf).contains(CODE)),
            Err(error) => prop_assert!(matches!(error, RenderError::QrPicture), "{error}"),
        }
    }
}
