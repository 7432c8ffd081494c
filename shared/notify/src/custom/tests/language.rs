//! Fears: a typing error that reaches a payer, one fault that hides another, a word of the engine's
//! that nobody thought of.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// The faults of a source of a text alone, without the first `text: `.
fn scanned(text: &str) -> Vec<String> {
    let source = Source { property: "text", kind: Kind::Text, text };
    scan::faults(&source, true).into_iter().map(|fault| fault.reason).collect()
}

#[test]
fn a_fault_hides_another() {
    let text = "{{ salutation }}\n{{ amout }} {{ amount.totl|shout }}\n{% if paid %}x{% endif %}\n\
        {% include \"payable.txt\" %}{{ receipt.paid }}";
    let html = "{{ payable.cod }}";
    let found = told(email("{{ custmer }}", text, html));
    assert_eq!(
        found,
        [
            "subject: line 1: unknown variable custmer; did you mean customer",
            "text: line 2: unknown variable amout; did you mean amount.total",
            "text: line 2: unknown variable amount.totl; did you mean amount.total",
            "text: line 2: unknown filter shout; there are: upper, lower, capitalize, title, trim",
            "text: line 3: unknown variable paid; see GET /v1/templates/variables",
            "text: line 4: tag include is not offered",
            "text: line 4: receipt.paid is for receipts alone",
            "html: line 1: unknown variable payable.cod; did you mean payable.code",
        ]
    );
}

#[test]
fn a_word_of_the_engine_is_let_through() {
    for source in [
        "{% raw %}{{ x }}{% endraw %}",
        "{% set a = 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{% autoescape false %}{% endautoescape %}",
        "{% filter upper %}{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% import 'layout.html' as x %}",
        "{% from 'layout.html' import x %}",
        "{% include page %}",
        "{% extends page %}",
        "{% extends \"layout.html\" %}",
        "{% extends \"/etc/passwd\" %}",
        "{% call page() %}{% endcall %}",
        "{% do page() %}",
        "{% block other %}{% endblock %}",
        "{{ 'x' * 1000000000 }}",
        "{{ 'x' ~ page }}",
        "{{ 2 ** 62 }}",
        "{{ 1 + 1 }}",
        "{{ -1 }}",
        "{{ [1] }}",
        "{{ {} }}",
        "{{ amount.rows[0] }}",
        "{{ amount.rows.0 }}",
        "{{ (page).x }}",
        "{{ range(9) }}",
        "{{ page.split('x') }}",
        "{{ debug() }}",
        "{{ super() }}",
        "{{ self.lead() }}",
        "{{ page|safe }}",
        "{{ page|replace('a', 'b') }}",
        "{{ page is sameas page }}",
        "{{ '\\n' }}",
        "{{ amount.rows }}",
        "{{ loop.previtem }}",
        "{% for x in page %}{% endfor %}",
        "{% for x in amount.rows if x %}{% endfor %}",
        "{% for x in amount.rows recursive %}{% endfor %}",
        "{% for page in amount.rows %}{% endfor %}",
        "{% for x, y in amount.rows %}{% endfor %}",
        "{% for x in amount.rows %}{{ x.other }}{% endfor %}",
        "{{ t.button }}",
        "{{ é }}",
        "{{ }}",
        "{{",
        "{%",
        "{#",
        "{{ 'x",
        "{{ (page }}",
        "{{ page) }}",
    ] {
        assert!(!scanned(source).is_empty(), "{source}");
    }
}

#[test]
fn what_is_offered_is_refused() {
    for source in [
        "",
        "plain { text } with 100% {",
        "{{ page }}{{- page -}}{{+ page +}}",
        "{# {{ anything }} {% at all %} #}",
        "{{ customer|upper|trim }}",
        "{{ 'a' if payable.accrues else \"}}\" }}",
        "{% if invoice.description and not payable.has_charges %}x{% elif (page == 'x') %}y\
         {% else %}z{% endif %}",
        "{% if invoice.description is not none %}{{ invoice.description }}{% endif %}",
        "{% for row in amount.rows %}{{ row.label }}: {{ row.value }}\
         {% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for line in merchant.signature %}{{ line }}{% endfor %}",
        "{% extends \"payable.txt\" %}{% block lead %}x{% endblock lead %}",
    ] {
        assert_eq!(scanned(source), [""; 0], "{source}");
    }
}

#[test]
fn a_tag_that_has_no_end_is_told_without_its_place() {
    let found = told(sms("one\ntwo {% if page %}\nthree"));
    let [fault] = found.as_slice() else { panic!("{found:?}") };
    assert!(fault.starts_with("text: line "), "{fault}");
}

#[test]
fn a_place_in_a_bill_is_printed_empty() {
    let found = told(email(SUBJECT, &format!("{TEXT}\n{{{{ invoice.description }}}}"), HTML));
    let [fault] = found.as_slice() else { panic!("{found:?}") };
    assert!(fault.starts_with("text: line 5: this is empty for some invoices"), "{fault}");
    let asked = "{% if invoice.description %}{{ invoice.description }}{% endif %}";
    assert_eq!(told(email(SUBJECT, &format!("{TEXT}{asked}"), HTML)), [""; 0]);
}

/// Names of everything that a view holds, lists as one.
fn leaves(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                leaves(value, &name, found);
            }
        }
        _ => {
            found.insert(name.to_owned());
        }
    }
}

/// What templates see of a sample, as data.
fn seen(kind: MessageKind, sample: &Sample) -> Value {
    let view = view(kind, Locale::En, sample.facts()).unwrap();
    serde_json::to_value(view).unwrap()
}

#[test]
fn a_variable_is_there_and_not_documented_or_the_other_way_round() {
    // Labels of the layouts, and the half of the view that the other kind of message has.
    let ours = |name: &str| !name.starts_with("t.");
    for (kind, of, half) in [
        (MessageKind::ChargeIssued, Of::Payable, "receipt"),
        (MessageKind::Receipt, Of::Receipt, "payable"),
    ] {
        for sample in samples(kind) {
            let mut there = BTreeSet::new();
            leaves(&seen(kind, &sample), "", &mut there);
            there.retain(|name| ours(name));
            let documented = VARIABLES.iter().filter(|it| it.of == Of::Every || it.of == of);
            let documented = documented.map(|it| it.name).filter(|name| ours(name)).chain([half]);
            let documented: BTreeSet<String> = documented.map(str::to_owned).collect();
            assert_eq!(there, documented, "{}", sample.name);
        }
    }
}

#[test]
fn a_variable_that_can_be_empty_is_said_to_be_always_there() {
    let mut empty = BTreeSet::new();
    for kind in [MessageKind::ChargeIssued, MessageKind::Receipt] {
        for sample in samples(kind) {
            let (seen, mut there) = (seen(kind, &sample), BTreeSet::new());
            leaves(&seen, "", &mut there);
            let value = |name: &str| seen.pointer(&format!("/{}", name.replace('.', "/")));
            there.retain(|name| value(name) == Some(&Value::Null));
            empty.append(&mut there);
        }
    }
    let halves = ["payable", "receipt"].map(str::to_owned);
    let optional = VARIABLES.iter().filter(|it| it.optional).map(|it| it.name.to_owned());
    assert_eq!(empty, optional.chain(halves).collect());
}

#[test]
fn the_list_of_variables_does_not_say_enough() {
    let mut names = BTreeSet::new();
    for variable in VARIABLES {
        assert!(names.insert(variable.name), "{} is there twice", variable.name);
        assert!(variable.description.ends_with('.'), "{}", variable.name);
    }
}
