//! Fears: evidence that comes late, twice or in another order takes a message back; a message that
//! never gets a last word; a tag that finds another row; a text that outlives its person.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::hidden::Hidden;
use crate::ids::CustomerId;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

fn key() -> LedgerKey {
    LedgerKey { instalment: 1, step: "d+3".replace('+', "_"), channel: Channel::Email, revision: 2 }
}

fn claim() -> Message {
    let merchant = MerchantId::parse("mer_acmenorte").unwrap();
    let invoice = InvoiceId::parse("inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    Message::claimed(merchant, invoice, key(), at(2))
}

fn noted(minute: i64, sign: Sign, recipient: &str) -> Noted {
    Noted::new(at(minute), sign, Some(Hidden::new(recipient)))
}

fn state_after(told: &[Noted]) -> MessageState {
    let mut message = claim();
    for one in told {
        message = message.hear(std::slice::from_ref(one)).unwrap_or(message);
    }
    message.state
}

const SIGNS: [Sign; 8] = [
    Sign::Accepted,
    Sign::Delayed,
    Sign::Delivered,
    Sign::SoftBounce,
    Sign::HardBounce,
    Sign::Refused,
    Sign::Read,
    Sign::Complained,
];

/// How far a state is, as the table of `evidence` orders them.
fn place(state: &MessageState) -> u8 {
    match state {
        MessageState::Claimed { .. } | MessageState::Released { .. } => 0,
        MessageState::Sent { .. } => 1,
        MessageState::Bounced { hard: false, .. } => 2,
        MessageState::Delivered { .. } => 3,
        MessageState::Failed { .. } => 4,
        MessageState::Bounced { hard: true, .. } => 5,
        MessageState::Read { .. } => 6,
        MessageState::Complained { .. } => 7,
    }
}

/// Every order of up to five things told.
fn orders(told: &[Noted]) -> Vec<Vec<Noted>> {
    if told.len() <= 1 {
        return vec![told.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..told.len() {
        let mut rest = told.to_vec();
        let one = rest.remove(first);
        for mut order in orders(&rest) {
            order.insert(0, one.clone());
            all.push(order);
        }
    }
    all
}

fn some_told() -> impl Strategy<Value = Vec<Noted>> {
    let one = (0..6_i64, 0..SIGNS.len(), 0..2_usize).prop_map(|(minute, sign, who)| {
        noted(minute, SIGNS[sign], ["ana@x.example", "bia@x.example"][who])
    });
    proptest::collection::vec(one, 0..5)
}

/// A row of which both recipients are known from the first, as SES lists them in each event.
fn taken() -> Message {
    let both = ["ana@x.example", "bia@x.example"].map(|who| noted(0, Sign::Accepted, who));
    claim().hear(&both).unwrap()
}

proptest! {
    #[test]
    fn the_order_in_which_evidence_comes_changes_the_row(told in some_told()) {
        let known = taken();
        let mut rows = Vec::new();
        for order in orders(&told) {
            let mut message = known.clone();
            for one in &order {
                message = message.hear(std::slice::from_ref(one)).unwrap_or(message);
            }
            rows.push((message.state, message.heard));
        }
        for row in &rows {
            prop_assert_eq!(row, &rows[0]);
        }
    }

    #[test]
    fn evidence_moves_a_message_backwards(told in some_told(), again in subsequence(vec![0, 1, 2, 3], 0..4)) {
        let mut message = claim();
        for one in told.iter().chain(again.iter().filter_map(|nth| told.get(*nth))) {
            let next = message.hear(std::slice::from_ref(one));
            if let Some(next) = next {
                prop_assert!(place(&next.state) >= place(&message.state), "{:?} after {:?}", next, message);
                prop_assert_eq!(next.version, message.version + 1);
                message = next;
            }
        }
        for one in &told {
            prop_assert_eq!(message.hear(std::slice::from_ref(one)), None, "a repeat is written again");
        }
    }

    #[test]
    fn a_tag_leads_to_another_row(
        merchant in "mer_[a-z0-9]{1,32}",
        instalment in 1..=999_u16,
        step in "[a-z0-9_-]{1,32}",
        channel in 0..Channel::ALL.len(),
        revision in any::<u16>(),
    ) {
        let merchant = MerchantId::parse(&merchant).unwrap();
        let key = LedgerKey { instalment, step, channel: Channel::ALL[channel], revision };
        let tag = ProviderTag::new(&merchant, &claim().invoice, &key);
        let text = tag.to_string();
        prop_assert!(text.len() <= TAG_BYTES_MAX);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        prop_assert_eq!(ProviderTag::parse(&text), Some(tag));
    }

    #[test]
    fn a_text_that_is_no_tag_is_read_as_one(text in "[ -~]{0,300}") {
        if let Some(tag) = ProviderTag::parse(&text) {
            prop_assert_eq!(tag.to_string(), text);
        }
    }
}

#[test]
fn a_near_tag_is_taken_for_one() {
    let tag = claim().tag();
    assert_eq!(tag, "mer_acmenorte-inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z-1-d_3-email-2");
    for near in [
        tag.replace("-1-", "-01-"),
        tag.replace("-1-", "-+1-"),
        tag.replace("email", "fax"),
        tag.replace("mer_", "mex_"),
        format!("{tag}-"),
        format!("{tag}#"),
        tag.replace("d_3", ""),
        tag.replace("d_3", "D_3"),
        String::new(),
    ] {
        assert_eq!(ProviderTag::parse(&near), None, "{near}");
    }
}

#[test]
fn one_bad_address_of_two_hides_that_the_other_got_it() {
    let (ana, bia) = ("ana@x.example", "bia@x.example");
    let both = [noted(0, Sign::Accepted, ana), noted(0, Sign::Accepted, bia)];
    let with = |more: &[Noted]| state_after(&[&both, more].concat());
    assert!(matches!(with(&[]), MessageState::Sent { .. }));
    let one_back = noted(1, Sign::HardBounce, ana);
    assert!(matches!(with(std::slice::from_ref(&one_back)), MessageState::Sent { .. }));
    let got = with(&[one_back.clone(), noted(2, Sign::Delivered, bia)]);
    assert_eq!(got, MessageState::Delivered { at: at(2) });
    let none = with(&[one_back, noted(2, Sign::HardBounce, bia)]);
    let reason = "hard_bounce".to_owned();
    assert_eq!(none, MessageState::Bounced { at: at(2), hard: true, reason });
}

#[test]
fn a_complaint_after_a_read_does_not_count() {
    let told = [noted(3, Sign::Read, "ana@x.example"), noted(4, Sign::Complained, "ana@x.example")];
    assert_eq!(state_after(&told), MessageState::Complained { at: at(4) });
}

#[test]
fn what_the_sender_gave_up_stays_given_up_when_it_was_sent() {
    let failed = MessageState::Failed { at: at(5), reason: "its sender died".to_owned() };
    let released = MessageState::Released { at: at(5), reason: "too fast".to_owned() };
    for state in [failed, released] {
        let message = Message { state, ..claim() };
        let next =
            message.hear(&[noted(6, Sign::Accepted, "ana@x.example").because("id-1")]).unwrap();
        assert_eq!(next.state, MessageState::Sent { at: at(6), evidence: "id-1".to_owned() });
    }
}

#[test]
fn the_senders_own_outcome_overwrites_what_was_told_first() {
    let told = claim().hear(&[noted(1, Sign::Delivered, "ana@x.example")]).unwrap();
    let own = MessageState::Sent { at: at(2), evidence: "ses-1".to_owned() };
    assert_eq!(told.settle(own.clone()).state, MessageState::Delivered { at: at(1) });
    let accepted = claim().hear(&[noted(1, Sign::Accepted, "ana@x.example")]).unwrap();
    assert_eq!(accepted.settle(own.clone()).state, own);
    assert_eq!(claim().settle(own.clone()).state, own);
}

#[test]
fn a_flood_of_recipients_grows_the_row_without_end() {
    let told: Vec<Noted> =
        (0..200).map(|nth| noted(nth, Sign::Delivered, &format!("p{nth}@x.example"))).collect();
    assert_eq!(claim().hear(&told).unwrap().heard.len(), RECIPIENTS_MAX);
}

#[test]
fn a_providers_words_bring_an_address_into_the_ledger() {
    let noted = noted(1, Sign::HardBounce, "ana@x.example").because("550 5.1.1 <ana@x.example>");
    assert_eq!(noted.why.unwrap(), "550 5.1.1 <***@x.example>");
}

#[test]
fn an_id_of_the_provider_is_masked_or_a_sentence_is_taken_for_one() {
    let id = "010101860d89bc12-7ce77242-b9cf-492d-a880-7f5401590119-000000";
    let under = |id: &str| noted(1, Sign::Accepted, "ana@x.example").under(id).why;
    assert_eq!(under(id).as_deref(), Some(id));
    assert_eq!(
        under("wamid.HBgNNTUx+MTk4/NzY1NDMyMQ=="),
        Some("wamid.HBgNNTUx+MTk4/NzY1NDMyMQ==".to_owned())
    );
    for no_id in ["", "sent to ana@x.example", &"x".repeat(201)] {
        assert_eq!(under(no_id), None);
    }
}

#[test]
fn a_message_never_gets_a_last_word() {
    let check = |message: &Message, minutes: i64, word: Word, is_final: bool| {
        let fate = message.fate(at(2) + TimeDelta::minutes(minutes));
        assert_eq!(fate, Fate { word, is_final }, "{:?} after {minutes} minutes", message.state);
    };
    let wait = EVIDENCE_WAIT.num_minutes();
    check(&claim(), 0, Word::Queued, false);
    check(&claim(), 59, Word::Queued, false);
    check(&claim(), 60, Word::Failed, true);
    let sent = Message {
        state: MessageState::Sent { at: at(2), evidence: "ses-1".to_owned() },
        ..claim()
    };
    check(&sent, wait, Word::Sent, false);
    check(&sent, wait + 1, Word::Unconfirmed, true);
    check(&Message { silent: true, ..sent }, 0, Word::Sent, true);
    let released = MessageState::Released { at: at(2), reason: "too fast".to_owned() };
    check(&Message { state: released.clone(), ..claim() }, wait, Word::Queued, false);
    check(&Message { state: released, ..claim() }, wait + 1, Word::Failed, true);
    // Whatever is told of it, years later each has a last word.
    for sign in SIGNS {
        let told = claim().hear(&[noted(1, sign, "ana@x.example")]).unwrap();
        assert!(told.fate(at(0) + TimeDelta::days(1000)).is_final, "{sign:?}");
    }
}

#[test]
fn an_erased_row_names_who_got_it() {
    let told =
        [noted(1, Sign::Accepted, "ana@x.example"), noted(2, Sign::Delivered, "bia@x.example")];
    let row = claim().hear(&told).unwrap();
    let nameless = row.without_recipients().unwrap();
    assert!(!serde_json::to_string(&nameless).unwrap().contains("example"));
    assert_eq!(nameless.state, row.state);
    assert_eq!(nameless.without_recipients(), None);
    let key = LedgerKey { channel: Channel::WhatsApp, ..key() };
    let evidence = "wamid.HBgNNTUxMTk4NzY1NDMyMQ==".to_owned();
    let by_phone = Message { key, state: MessageState::Sent { at: at(2), evidence }, ..claim() };
    let nameless = by_phone.without_recipients().unwrap();
    assert!(!serde_json::to_string(&nameless).unwrap().contains("wamid"));
    assert_eq!(nameless.without_recipients(), None);
    let sent = SentText {
        merchant: row.merchant.clone(),
        invoice: row.invoice.clone(),
        key: row.key.clone(),
        attempt: 1,
        version: 1,
        at: at(0),
        subject: Some("Fatura 12 de Ana".into()),
        text: "Ana, seu Pix".into(),
        sha256: "ab".repeat(32),
        recipients: vec!["ana@x.example".into()],
        template: Source { name: "reminder".to_owned(), version: 1 },
        rule: None,
        erased_at: None,
    };
    let erased = sent.erased(at(9)).unwrap();
    let stored = serde_json::to_string(&erased).unwrap();
    assert!(!stored.to_lowercase().contains("ana"), "{stored}");
    assert_eq!((erased.version, &erased.sha256), (2, &sent.sha256));
    assert_eq!(erased.erased(at(10)), None);
}

#[test]
fn a_phone_answers_about_an_old_invoice_or_the_same_thing_twice() {
    let invoice = claim().invoice;
    let about = |customer: &str, invoice: &InvoiceId| About {
        customer: CustomerId::parse(customer).unwrap(),
        invoice: invoice.clone(),
    };
    let first = about("cus_01JE6X7Q5M8Y2N4C9R0T3V6W8Z", &invoice);
    let new = Correspondent::new(claim().merchant, "ab".repeat(32), first.clone(), at(0));
    assert_eq!(new.met(&first, at(1)), None);
    let later = InvoiceId::parse("inv_01JE6X7Q5M8Y2N4C9R0T3V6W90").unwrap();
    let second = about("cus_01JE6X7Q5M8Y2N4C9R0T3V6W8Z", &later);
    let known = new.met(&second, at(1)).unwrap();
    assert_eq!(known.about, std::slice::from_ref(&second));
    let other = about("cus_01JE6X7Q5M8Y2N4C9R0T3V6W91", &invoice);
    let known = known.met(&other, at(2)).unwrap();
    assert_eq!(known.about, [second.clone(), other.clone()]);
    // Written to again after a month, it is kept for a year from then.
    let again = known.met(&other, at(2) + TimeDelta::days(30)).unwrap();
    assert_eq!(again.expires_at(), at(2) + TimeDelta::days(395));
    let answered = known.answered("a").unwrap();
    assert_eq!(answered.answered("a"), None);
    let many = (0..100).fold(answered, |known, nth| known.answered(&nth.to_string()).unwrap());
    assert_eq!(many.answers.len(), 20);
}

#[test]
fn a_long_text_is_cut_inside_a_character() {
    let long = "ã".repeat(TEXT_BYTES_MAX);
    assert_eq!(SentText::cut(&long).as_str().len(), TEXT_BYTES_MAX);
    let odd = format!("a{long}");
    assert_eq!(SentText::cut(&odd).as_str().len(), TEXT_BYTES_MAX - 1);
    assert_eq!(SentText::cut("curto").as_str(), "curto");
}
