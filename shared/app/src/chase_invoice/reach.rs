//! Who a message reaches, by channel: the addresses of whom it is for, less those that are not to
//! be written to.
//!
//! Owns the choice of addresses. Does not own what a person agreed to ([`quita_core::care`]).

use quita_core::chase::Audience;
use quita_core::contact::{Email, Phone};
use quita_core::customer::{Address, Customer};
use quita_core::hidden::Hidden;
use quita_core::invoice::Invoice;
use quita_core::merchant::Merchant;
use quita_core::message::Channel;
use quita_notify::Delivery;

/// Where a message goes on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reached {
    Email(Vec<Email>),
    Chat(Hidden),
    WhatsApp(Phone),
    Sms(Phone),
    Letter(Address),
}

/// Whom a message on `channel` about `invoice` reaches; `None` when nobody can be.
pub(crate) fn reach(
    settings: &Merchant,
    invoice: &Invoice,
    customer: &Customer,
    audience: Audience,
    channel: Channel,
) -> Option<Reached> {
    let care = &customer.care;
    let party = &invoice.bill_to;
    let of_audience = || care.contacts.iter().filter(|contact| contact.audience == audience);
    let phone = || {
        let own = party.phone.iter().filter(|_| audience == Audience::Billing);
        let others = of_audience().filter_map(|contact| contact.phone.as_ref());
        let mut phones = own.chain(others);
        phones.find(|phone| !care.is_suppressed(channel, phone.as_str())).cloned()
    };
    match channel {
        Channel::Email => {
            let own: Vec<&Email> = match audience {
                Audience::Billing => party.emails.iter().collect(),
                Audience::Approver => Vec::new(),
                Audience::Owner => {
                    let owner = invoice.handling.owner.as_ref();
                    owner.or(party.account_owner.as_ref()).into_iter().collect()
                }
            };
            let others = of_audience().filter_map(|contact| contact.email.as_ref());
            let mut to: Vec<Email> = Vec::new();
            for email in own.into_iter().chain(others) {
                if !to.contains(email) && !care.is_suppressed(channel, email.as_str()) {
                    to.push(email.clone());
                }
            }
            to.truncate(Delivery::RECIPIENTS_MAX);
            (!to.is_empty()).then_some(Reached::Email(to))
        }
        Channel::Chat => {
            let own = party.chat_webhook.as_ref().filter(|_| audience == Audience::Billing);
            own.or(settings.chat_webhook.as_ref()).cloned().map(Reached::Chat)
        }
        // Writing by WhatsApp needs a consent that stands (Meta's business policy).
        Channel::WhatsApp => {
            let allowed = settings.channels.whatsapp.is_some() && care.whatsapp_allowed();
            phone().filter(|_| allowed).map(Reached::WhatsApp)
        }
        Channel::Sms => phone().filter(|_| settings.channels.sms.is_some()).map(Reached::Sms),
        Channel::Letter => {
            let own = party.address.as_ref().filter(|_| audience != Audience::Owner);
            own.cloned().map(Reached::Letter)
        }
    }
}

impl Reached {
    /// How many addresses that are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Email(to) => to.len(),
            Self::Chat(_) | Self::WhatsApp(_) | Self::Sms(_) | Self::Letter(_) => 1,
        }
    }
}
