//! The collection rules of merchants: a version never changes, so a process reads it once.

mod change;

pub mod list;
pub mod move_invoice;
pub mod publish;
pub mod segments;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quita_core::chase::{DEFAULT_RULE_VERSION, Rule, RuleName, RuleVersion};
use quita_core::ids::MerchantId;
use quita_core::invoice::Invoice;
use quita_core::merchant::Issuing;
use quita_table::keys::RecordKey;
use quita_table::store::ItemRef;

use crate::deps::Deps;
use crate::error::Unknown;

/// Rules kept by a process; past it all are forgotten and read again. A rule is some 3 KB.
const KEPT_MAX: usize = 1_000;

type Kept = HashMap<(MerchantId, RuleName, u32), Arc<Rule>>;

/// The rules this process has read.
pub struct Rules {
    shipped: Arc<Rule>,
    kept: Mutex<Kept>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { shipped: Arc::new(Rule::shipped()), kept: Mutex::default() }
    }
}

impl Rules {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A map is whole after every call on it, so a panic elsewhere leaves it usable.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deps {
    /// The rule an invoice is under.
    ///
    /// # Errors
    /// Also when that version is not there: an invoice is never chased by another.
    pub async fn rule_of(&self, invoice: &Invoice) -> Result<Arc<Rule>, Unknown> {
        self.rule(&invoice.merchant, &invoice.issuing).await
    }

    /// The rule that is named there.
    ///
    /// # Errors
    /// As [`Self::rule_of`].
    pub async fn rule(
        &self,
        merchant: &MerchantId,
        issuing: &Issuing,
    ) -> Result<Arc<Rule>, Unknown> {
        let version = issuing.rule_version;
        let missing = || Unknown::new("loading a rule", format!("there is no version {version}"));
        let Some(name) = &issuing.rule else {
            let shipped =
                (version == DEFAULT_RULE_VERSION).then(|| Arc::clone(&self.rules.shipped));
            return shipped.ok_or_else(missing);
        };
        let which = (merchant.clone(), name.clone(), version);
        if let Some(rule) = self.rules.kept().get(&which) {
            return Ok(Arc::clone(rule));
        }
        let key = RecordKey::Rule(name.clone(), version);
        let mut found = self.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
        let stored: RuleVersion = found
            .take_record(&key)
            .map_err(|error| Unknown::new("reading a rule", error))?
            .ok_or_else(missing)?;
        let rule = Arc::new(stored.rule);
        let mut kept = self.rules.kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(which, Arc::clone(&rule));
        Ok(rule)
    }
}
