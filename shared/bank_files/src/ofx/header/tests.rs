use super::{Header, block, instruction};

const NINE: [&str; 9] = [
    "OFXHEADER:100",
    "DATA:OFXSGML",
    "VERSION:102",
    "SECURITY:NONE",
    "ENCODING:USASCII",
    "CHARSET:1252",
    "COMPRESSION:NONE",
    "OLDFILEUID:NONE",
    "NEWFILEUID:NONE",
];

#[test]
fn a_header_on_one_line_is_no_header() {
    for separator in ["\r\n", "\n", " ", "", "\t"] {
        let text = NINE.join(separator);
        assert_eq!(block(text.as_bytes()), Ok(Header::Ofx), "{text:?}");
        for (key, value) in
            [("1252", "BIG5"), ("USASCII", "UTF-16"), ("COMPRESSION:NONE", "COMPRESSION:GZIP")]
        {
            assert!(block(text.replace(key, value).as_bytes()).is_err(), "{value} in {text:?}");
        }
    }
}

#[test]
fn a_combination_that_banks_write_is_refused() {
    for (encoding, charset) in [
        ("USASCII", "1252"),
        ("UTF-8", "NONE"),
        ("UTF-8", ""),
        ("UNICODE", "NONE"),
        ("UTF-8", "1252"),
        ("", "8859-1"),
        ("USASCII", "0"),
        (" utf-8", "iso-8859-1"),
    ] {
        let text = format!("OFXHEADER:100\nENCODING:{encoding}\nCHARSET:{charset}\nOLDFILEUID:1");
        assert_eq!(block(text.as_bytes()), Ok(Header::Ofx), "{text}");
    }
    assert_eq!(block(b"OFXHEADER:100\nENCODING:UTF-8\n\n"), Ok(Header::Ofx));
}

#[test]
fn another_file_passes_for_a_statement() {
    assert_eq!(block(b"data;valor\n01/02/2026;10,00"), Ok(Header::Other));
    assert_eq!(instruction(b"?xml version=\"1.0\"?"), Ok(Header::Other));
    assert_eq!(instruction(b"?OFX OFXHEADER=\"200\" VERSION=\"211\"?"), Ok(Header::Ofx));
    assert!(instruction(b"?xml version=\"1.0\" encoding=\"UTF-16\"?").is_err());
    assert!(instruction(b"?xml version='1.0' encoding='windows-1252'?").is_ok());
}
