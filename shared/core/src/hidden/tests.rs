use super::*;

#[test]
fn a_hidden_text_shows_its_length_alone() {
    let secret = Hidden::from("00020126850014br.gov.bcb.pix");
    assert_eq!(format!("{secret:?} {:?}", Some(&secret)), {
        let shown = "<hidden, 28 bytes>";
        format!("{shown} Some({shown})")
    });
    assert_eq!(serde_json::to_string(&secret).unwrap(), "\"00020126850014br.gov.bcb.pix\"");
}

#[test]
fn a_foreign_sentence_tells_no_secret() {
    for (text, shown) in [
        ("devedor 12345678909 inválido", "devedor *** inválido"),
        ("devedor 123.456.789-09 inválido", "devedor *** inválido"),
        ("cnpj 11.222.333/0001-81", "cnpj ***"),
        ("o CNPJ 12.ABC.345/01DE-35.", "o CNPJ ***."),
        ("chave \"financeiro@acme.example\" inativa", "chave \"***@acme.example\" inativa"),
        (
            "identities failed: a.b@x.example, c@y.example",
            "identities failed: ***@x.example, ***@y.example",
        ),
        ("fone +5511987654321", "fone +***"),
        ("loc https://pix.example.com/qr/v2/cobv/9d36b84f8e3c", "loc https:***"),
        ("loc pix.example.com/qr/v2/9d36b84f-e3c1-4b6a-9f3e-000000000000.", "loc ***."),
        ("código 00020126850014br.gov.bcb.pix2563pix", "código ***"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x recusado", "token *** recusado"),
        // What stays: amounts, dates, types, ids.
        ("valor 1500.00 em 2026-12-10", "valor 1500.00 em 2026-12-10"),
        ("página 2.", "página 2."),
        (
            "https://pix.bcb.gov.br/api/v2/error/CobVOperacaoInvalida",
            "https://pix.bcb.gov.br/api/v2/error/CobVOperacaoInvalida",
        ),
        ("inv_01JD5X2B9QKZ3V7M8N4P6R0STW", "inv_01JD5X2B9QKZ3V7M8N4P6R0STW"),
        ("on table/quita-Table-1ABC2DEF3GHI", "on table/quita-Table-1ABC2DEF3GHI"),
        ("a @ b, @c", "a @ b, @c"),
        ("", ""),
    ] {
        assert_eq!(masked(text), shown);
    }
}

#[test]
fn masking_twice_changes_nothing_more() {
    for text in ["cnpj 11.222.333/0001-81", "a@b.example", "pix.example.com/qr/9d36b84f8e3c"] {
        let once = masked(text);
        assert_eq!(masked(&once), once);
    }
}
