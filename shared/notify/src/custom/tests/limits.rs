//! Fears: a source that never ends, fills the memory or the stack, or brings the process down.

use proptest::prelude::*;

use super::*;

/// Renders a source as if it had passed the scan.
fn rendered(text: &str) -> Result<String, Violation> {
    let samples = samples(MessageKind::ChargeIssued);
    let view = view(MessageKind::ChargeIssued, Locale::PtBr, samples[2].facts()).unwrap();
    engine::render(&Source { property: "text", kind: Kind::Text, text }, &view)
}

fn nested(open: &str, close: &str, times: usize) -> String {
    format!("{}x{}", open.repeat(times), close.repeat(times))
}

#[test]
fn a_template_loops_for_ever() {
    let source = nested("{% for row in amount.rows %}", "{% endfor %}", 18);
    let fault = rendered(&source).map(|it| it.len()).unwrap_err();
    assert!(fault.reason.contains("it does too much"), "{fault:?}");
    let whole = format!("{TEXT}{source}");
    let found = told(email(SUBJECT, &whole, HTML));
    assert!(found[0].contains("it does too much"), "{:.200}", found[0]);
}

#[test]
fn a_template_renders_more_than_a_message_holds() {
    let long = "x".repeat(2_000);
    let looped = format!("{{% for row in amount.rows %}}{long}{{% endfor %}}");
    let source = nested("{% for a in amount.rows %}", "{% endfor %}", 5).replace('x', &looped);
    assert!(source.len() < quita_core::template::SOURCE_BYTES_MAX);
    let fault = rendered(&source).map(|it| it.len()).unwrap_err();
    assert!(fault.reason.contains("more than"), "{fault:?}");
}

#[test]
fn depth_fills_the_stack() {
    let deep = nested("{% if page %}", "{% endif %}", 1_000);
    let chained = format!("{{% if page %}}{}{{% endif %}}", "{% elif page %}x".repeat(1_500));
    let wide = format!("{{{{ page{} }}}}", " or page".repeat(3_000));
    let parentheses = format!("{{{{ {}page{} }}}}", "(".repeat(8_000), ")".repeat(8_000));
    let filters = format!("{{{{ page{} }}}}", "|upper".repeat(4_000));
    for source in [deep, chained, wide, parentheses, filters] {
        let found = told(sms(&source));
        assert!(!found.is_empty(), "{}", &source[..60]);
    }
}

#[test]
fn many_faults_fill_an_answer() {
    let source = "{{ x }}".repeat(4_000);
    assert_eq!(told(sms(&source)).len(), FAULTS_MAX);
}

/// Pieces that the language is made of, and pieces that it refuses.
const PIECES: [&str; 44] = [
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{# ",
    " #}",
    "{{-",
    "-}}",
    "{%+",
    "+%}",
    "page",
    "amount.rows",
    "payable.code",
    "row",
    "row.label",
    "customer",
    "if ",
    "elif ",
    "else ",
    "endif ",
    "for ",
    " in ",
    "endfor ",
    "block lead ",
    "endblock ",
    "extends ",
    "\"payable.txt\"",
    "'",
    "\"",
    "\\",
    "|upper",
    "|",
    "(",
    ")",
    ".",
    "==",
    "*",
    "~",
    "\n",
    "é",
    "x",
    " and ",
    " not ",
    "0",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_ends_and_brings_nothing_down(text in ".{0,400}") {
        let _ = told(email(&text, &text, &text));
        let _ = told(sms(&text));
    }

    #[test]
    fn any_text_of_the_language_ends_and_brings_nothing_down(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..60),
    ) {
        let text: String = pieces.into_iter().map(|nth| PIECES[nth]).collect();
        let _ = told(email(&text, &text, &text));
        let letter = Content::Letter { text: text.clone() };
        let _ = told(letter);
        let _ = told(whatsapp(&text, &[&text], false));
    }

    /// What the scan lets through means the same to the engine: it finds no name that is not known.
    #[test]
    fn the_engine_finds_a_name_that_the_scan_did_not(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..12),
    ) {
        let text: String = pieces.into_iter().map(|nth| PIECES[nth]).collect();
        let source = Source { property: "text", kind: Kind::Text, text: &text };
        if scan::faults(&source, true).is_empty() {
            let environment = minijinja::Environment::new();
            if let Ok(template) = environment.template_from_str(&text) {
                for name in template.undeclared_variables(true) {
                    let is_row = name == "row" || name == "row.label";
                    prop_assert!(is_row || variables::known(&name, true).is_some(), "{name}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_word_that_joins_is_taken_for_a_variable() {
    let faults = |text: &str| {
        let source = Source { property: "text", kind: Kind::Text, text };
        scan::faults(&source, true)
    };
    for bad in ["{{ and }}", "{{- and -}}", "{{ page and and page }}", "{% if or %}{% endif %}"] {
        assert!(!faults(bad).is_empty(), "{bad}");
    }
    for good in [
        "{% if payable.accrues and payable.has_charges %}{% endif %}",
        "{% if not payable.accrues or (payable.has_charges) and true %}{% endif %}",
        "{% if page not in customer %}{% endif %}",
        "{{ page if payable.accrues else customer }}",
    ] {
        assert_eq!(faults(good), [], "{good}");
    }
}
