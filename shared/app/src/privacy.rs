//! A person's rights over what is held of them: a copy of all of it, and its erasure.
//!
//! Source: LGPD (Lei 13.709/2018), article 18 II, V and VI; article 16 I for what has to stay.
//!
//! Owns which records hold personal data and how they are found from a customer. Does not own what
//! stands in the way of an erasure ([`quita_core::erasure`]) nor how long the law keeps a record
//! ([`quita_core::retention`]).
//!
//! | record | what is personal | found by | when it goes |
//! |---|---|---|---|
//! | customer | name, document, addresses, chat | its id | erasure |
//! | document guard | the document, as a key | the customer | erasure |
//! | invoice | the party it was made out to | list of the customer's invoices | erasure |
//! | message | whom it went to | the invoice | erasure of the invoice |
//! | sent text | what it said, and to whom; its digest stays | the invoice | erasure of the invoice |
//! | phone that was written to | its digest | the phone | by itself, a year after the last message |
//! | payment | who paid, and what was written beside it | the invoice, or the account | erasure |
//! | bank line | the bank's words | the payment | erasure |
//! | answer to a request | what was answered | its key | by itself, after seven days |
//! | piece of a bank file | a statement | the file | by itself, after seven days |
//! | sealed identity | name, document, postal address | the customer | by itself, when the law lets it |
//!
//! Descriptions and numbers of invoices, and the reasons people give, are the merchant's own text:
//! they stay.

mod erase;
mod export;
mod messages;

pub use erase::{ErasureView, Refused, erase_customer};
pub use export::{PersonalData, personal_data};
