use super::{Mark, Markup, TEXT_BYTES_MAX};

/// Tags as `text<NAME`, and what is left as the last.
fn tags(bytes: &[u8]) -> Result<Vec<String>, u64> {
    let (mut markup, mut rest, mut seen) = (Markup::new(), bytes, Vec::new());
    while let Some(tag) = markup.next(&mut rest).map_err(|refused| refused.line)? {
        let text = String::from_utf8_lossy(&tag.text).into_owned();
        seen.push(match tag.mark {
            Mark::Open(name) => format!("{text}<{name}"),
            Mark::Close(name) => format!("{text}</{name}"),
            Mark::Instruction(words) => format!("{text}<{}", String::from_utf8_lossy(&words)),
        });
    }
    seen.push(String::from_utf8_lossy(&markup.finish()).into_owned());
    Ok(seen)
}

fn check(text: &str, expect: &[&str]) {
    assert_eq!(tags(text.as_bytes()).unwrap(), expect, "{text}");
}

#[test]
fn a_tag_is_missed_for_its_spelling() {
    check("a<Memo>b</MEMO >c<X/>", &["a<MEMO", "b</MEMO", "c<X", ""]);
    check("<OFX xmlns=\"a:b\">x", &["<OFX", "x"]);
    check("<?xml version=\"1.0\"?><A>", &["<?xml version=\"1.0\"?", "<A", ""]);
    check("<INTU.BID>3000", &["<INTU.BID", "3000"]);
}

#[test]
fn a_sign_in_a_text_is_taken_for_a_tag() {
    check("a < b<A>", &["a < b<A", ""]);
    check("a<b c>d<A>", &["a<b c>d<A", ""]);
    check("<3 <<A>", &["<3 <<A", ""]);
    check("</ x><A>", &["</ x><A", ""]);
    check("<!oferta><A>", &["<!oferta><A", ""]);
    check("a<", &["a<"]);
}

#[test]
fn a_comment_or_a_section_hides_or_makes_tags() {
    check("a<!-- <B> -- > -->b<A>", &["ab<A", ""]);
    check("<!---->b<!--->--><A>", &["b<A", ""]);
    check("<M><![CDATA[x & <y> ]] ]]></M>", &["<M", "x &amp; &lt;y> ]] </M", ""]);
}

#[test]
fn a_declaration_is_passed_over() {
    for text in ["<!DOCTYPE html>", "\n<!doctype x [<!ENTITY a \"b\">]>", "a\n<!ENTITY"] {
        assert!(tags(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(tags(b"\n\n<!DOCTYPE ofx>"), Err(3));
}

#[test]
fn an_endless_element_is_held() {
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    for text in [
        format!("<MEMO>{long}"),
        format!("<!--{long}"),
        format!("<?xml {long}"),
        format!("<![CDATA[{long}"),
        format!("<OFX {long}"),
    ] {
        assert!(tags(text.as_bytes()).is_err(), "{}", &text[..8]);
    }
    let long = "N".repeat(80);
    check(&format!("<{long}><A>"), &[&format!("<{long}><A"), ""]);
}
