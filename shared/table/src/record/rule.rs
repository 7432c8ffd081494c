//! The records of a merchant's collection rules: each version, and which one is the latest.

use quita_core::chase::{RuleHead, RuleVersion};
use quita_core::ids::MerchantId;

use super::Record;
use crate::keys::{List, RecordKey};

pub(super) const RULE: &str = "rule";
pub(super) const RULE_HEAD: &str = "rule_head";

/// A version is written once, so its own number says nothing about writes.
const WRITTEN_ONCE: u64 = 1;

impl Record for RuleVersion {
    const KIND: &'static str = RULE;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        WRITTEN_ONCE
    }

    fn key(&self) -> RecordKey {
        RecordKey::Rule(self.name.clone(), self.version)
    }
}

impl Record for RuleHead {
    const KIND: &'static str = RULE_HEAD;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        u64::from(self.version)
    }

    fn key(&self) -> RecordKey {
        RecordKey::RuleHead(self.name.clone())
    }

    fn list(&self) -> Option<(List, &str)> {
        Some((List::Rules, self.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use quita_core::care::Tier;
    use quita_core::chase::{
        Audience, Conditions, How, InstalmentIs, Rule, RuleName, Step, Tone, Unit, Way, When,
    };
    use quita_core::money::Money;

    use super::super::tests::check_golden;
    use super::*;
    use crate::sample::{at, merchant_id};

    /// With every field that a rule can have.
    fn rule() -> Rule {
        let steps = vec![Step {
            id: "call".to_owned(),
            when: When::Issue { offset: 10, unit: Unit::BusinessDays },
            how: Some(How {
                template: "ours".to_owned(),
                tone: Tone::Light,
                audience: Audience::Approver,
            }),
            ways: vec![Way::WhatsApp, Way::Sms, Way::Letter, Way::CallTask, Way::Event],
            only: Conditions {
                segments: vec!["late_payers".to_owned()],
                amount_from: Some(Money::from_centavos(10_000)),
                amount_to: Some(Money::from_centavos(10_000_000)),
                age_days_from: Some(30),
                instalment: Some(InstalmentIs::Last),
            },
            effects: Vec::new(),
        }];
        let shipped = Rule::shipped();
        Rule {
            tone_caps: [(Tier::Vip, Tone::Friendly)].into(),
            hold_out_percent: 5,
            steps: shipped.steps.iter().cloned().chain(steps).collect(),
            ..shipped
        }
    }

    #[test]
    fn golden_files_of_rules_read_for_good() {
        let name = RuleName::parse("big_accounts").unwrap();
        let published_at = at("2026-11-23T12:00:00Z");
        check_golden(&RuleVersion {
            merchant: merchant_id(),
            name: name.clone(),
            version: 12,
            rule: rule(),
            published_at,
            by: "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91".to_owned(),
            note: "a letter before the call".to_owned(),
        });
        let label = "Big accounts".to_owned();
        let merchant = merchant_id();
        check_golden(&RuleHead { merchant, name, version: 12, label, published_at });
    }
}
