use super::*;

fn violation(property: &str, reason: &str) -> ProblemViolation {
    ProblemViolation { property: property.to_owned(), reason: reason.to_owned() }
}

#[test]
fn reads_the_form_of_the_specification() {
    let problem = Problem::decode(400, include_bytes!("../../fixtures/spec/problem_cobv.json"));
    assert_eq!(problem.tipo(), "CobVOperacaoInvalida");
    assert_eq!(problem.title, "Cobrança inválida.");
    assert_eq!(
        problem.violations,
        [violation("cobv.devedor", "O objeto cobv.devedor não respeita o _schema_.")]
    );
    assert!(problem.to_string().contains("cobv.devedor"));
}

#[test]
fn reads_the_forms_of_banks_that_have_their_own() {
    let efi = Problem::decode(400, include_bytes!("../../fixtures/banks/problem_efi.json"));
    assert_eq!(
        (efi.kind.as_str(), efi.title.as_str()),
        ("valor_invalido", "Dados de entrada inválidos.")
    );
    assert_eq!(
        efi.violations,
        [violation(".body.devedor", "não deve ter propriedades adicionais")]
    );
    let bb =
        Problem::decode(400, include_bytes!("../../fixtures/banks/problem_banco_do_brasil.json"));
    assert_eq!(bb.kind, "4769515");
    assert_eq!(bb.title, "Não há informações para os dados informados.");
    assert_eq!(bb.correlation_id.as_deref(), Some("CHOM00000010014"));
    assert_eq!(bb.violations, [violation("4769516", "CPF *** inválido.")]);
    let gateway = Problem::decode(
        403,
        include_bytes!("../../fixtures/banks/problem_banco_do_brasil_gateway.json"),
    );
    assert_eq!(gateway.title, "Consumer does not have permission to this API");
    let oauth = Problem::decode(401, include_bytes!("../../fixtures/banks/problem_oauth.json"));
    assert_eq!((oauth.kind.as_str(), oauth.status), ("invalid_client", 401));
}

#[test]
fn an_unreadable_body_is_a_problem_without_content() {
    for body in
        [&b"<html>secret</html>"[..], b"", b"[]", b"null", b"\"text\"", b"{\"a\":1}", b"\xff\xfe"]
    {
        let problem = Problem::decode(422, body);
        assert_eq!(problem.title, "the bank answered HTTP 422 without saying why");
        assert_eq!(problem.status, 422);
    }
}

#[test]
fn trap_47_documents_in_a_refusal_are_masked() {
    for (text, shown) in [
        ("devedor 12345678909 inválido", "devedor *** inválido"),
        ("devedor 123.456.789-09 inválido", "devedor *** inválido"),
        ("cnpj 11.222.333/0001-81", "cnpj ***"),
        ("valor 1500.00 em 2026-12-10", "valor 1500.00 em 2026-12-10"),
        ("página 2.", "página 2."),
    ] {
        let body = serde_json::json!({"title": text}).to_string();
        assert_eq!(Problem::decode(400, body.as_bytes()).title, shown);
    }
}

#[test]
fn an_endless_refusal_is_cut() {
    let body = serde_json::json!({
        "title": "x".repeat(10_000),
        "violacoes": (0..1_000).map(|n| serde_json::json!({"propriedade": n, "razao": "r"})).collect::<Vec<_>>(),
    });
    let problem = Problem::decode(400, body.to_string().as_bytes());
    assert_eq!(problem.title.len(), TEXT_CHARS_MAX);
    assert_eq!(problem.violations.len(), VIOLATIONS_MAX);
}
