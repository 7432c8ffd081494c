//! The records of a merchant's own templates: the catalogue, and each version for good.

use quita_core::ids::MerchantId;
use quita_core::template::{TemplateVersion, Templates};

use super::Record;
use crate::keys::RecordKey;

pub(super) const TEMPLATES: &str = "templates";
pub(super) const TEMPLATE: &str = "template";

impl Record for Templates {
    const KIND: &'static str = TEMPLATES;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Templates
    }
}

impl Record for TemplateVersion {
    const KIND: &'static str = TEMPLATE;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    /// It is written once.
    fn version(&self) -> u64 {
        1
    }

    fn key(&self) -> RecordKey {
        RecordKey::Template(self.key.clone(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use quita_core::chase::Tone;
    use quita_core::template::{TemplateDraft, TemplateName};

    use super::super::tests::{check_golden, check_golden_named};
    use super::*;
    use crate::sample::{at, merchant_id};

    fn drafts() -> [TemplateDraft; 5] {
        let words = |text: &str| Some(text.to_owned());
        let of = |channel: &str| TemplateDraft {
            channel: channel.to_owned(),
            locale: "pt-BR".to_owned(),
            text: words("{{ salutation }}"),
            ..TemplateDraft::default()
        };
        let email = TemplateDraft {
            tone: words("friendly"),
            subject: words("{{ invoice.title }}"),
            html: words("<p>{{ salutation }}</p>"),
            ..of("email")
        };
        let whatsapp = TemplateDraft {
            text: words("Olá, {{1}}"),
            approved_name: words("vence_hoje_1"),
            category: words("utility"),
            parameters: Some(vec!["{{ customer }}".to_owned()]),
            order_button: Some(true),
            qr_header: Some(true),
            ..of("whatsapp")
        };
        [email, of("chat"), whatsapp, of("sms"), of("letter")]
    }

    #[test]
    fn golden_files_of_templates_read_for_good() {
        let name = TemplateName::parse("due_today").unwrap();
        let mut all = Templates::none(merchant_id());
        for draft in drafts() {
            let (key, checked) = draft.parse(&name).unwrap();
            let by = "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91";
            let (after, version) =
                all.published(key, checked, by, at("2026-11-23T12:00:00Z")).unwrap();
            check_golden_named(&format!("template_{}", draft.channel), &version);
            all = after;
        }
        assert_eq!(all.latest.iter().filter_map(|it| it.tone).next(), Some(Tone::Friendly));
        check_golden(&all);
    }

    #[test]
    fn a_version_lies_under_the_key_of_another() {
        let name = TemplateName::parse("templates").unwrap();
        let (key, checked) = drafts()[3].parse(&name).unwrap();
        let none = Templates::none(merchant_id());
        let now = at("2026-11-23T12:00:00Z");
        let (all, version) = none.published(key, checked, "usr_1", now).unwrap();
        let key = |key: &RecordKey| crate::keys::Key::Record(key).of(&merchant_id());
        let (one, all) = (key(&Record::key(&version)), key(&Record::key(&all)));
        assert_eq!(one.sk, "V#000001");
        assert_ne!(one.pk, all.pk);
        let next = TemplateVersion { number: 2, ..version };
        assert_eq!(key(&Record::key(&next)).pk, one.pk);
    }
}
