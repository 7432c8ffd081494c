//! Whose money a confirmed Pix is: an instalment's, a customer's, or nobody's yet.

use quita_core::ids::Txid;
use quita_core::invoice::{Credit, Invoice, Received, Source, credit, doubt};
use quita_core::payment::{Command, ParkReason};
use quita_core::pix_key::PixKey;
use quita_pix::wire::Pix;

use super::{Facts, Leads, Taken, ask, refused};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::movement::Movement;
use crate::pay_oldest::{owing, pay_oldest, put_rest};

/// Records that the money is there, and where it goes.
pub(super) async fn find_home(
    deps: &Deps,
    movement: &mut Movement,
    mut facts: Facts,
    pix: &Pix,
) -> Result<Taken, Unknown> {
    let own_key = facts.settings.pix_key.as_ref().map(PixKey::as_str);
    let foreign = pix.chave.as_ref().is_some_and(|key| Some(key.as_str()) != own_key);
    match facts.asked.take() {
        Some(Leads::Charge { invoice, instalment, revision }) => {
            match facts.found.take_invoice(&invoice) {
                Some(invoice) => {
                    let place = Place { invoice, instalment, revision };
                    return credit_charge(deps, movement, place, foreign).await;
                }
                None => wait(
                    movement,
                    if foreign { ParkReason::ForeignKey } else { ParkReason::UnknownTxid },
                ),
            }
        }
        Some(Leads::Customer(customer)) if !foreign => match facts.found.take_customer(&customer) {
            Some(known) => {
                movement.add_customer(Some(known));
                let invoices = owing(deps, &movement.payment().merchant, &customer).await?;
                ask(movement, Command::Receive { in_full: None })?;
                pay_oldest(movement, invoices, &customer).map_err(refused)?;
                return Ok(Taken::Matched);
            }
            None => wait(movement, ParkReason::UnknownTxid),
        },
        Some(Leads::Customer(_)) => wait(movement, ParkReason::ForeignKey),
        None if foreign => wait(movement, ParkReason::ForeignKey),
        None => wait(movement, no_home(pix.txid.as_ref())),
    }?;
    Ok(Taken::Parked)
}

fn no_home(txid: Option<&Txid>) -> ParkReason {
    if txid.is_some() { ParkReason::UnknownTxid } else { ParkReason::NoTxid }
}

/// The charge a Pix names.
struct Place {
    invoice: Invoice,
    instalment: u16,
    revision: u16,
}

async fn credit_charge(
    deps: &Deps,
    movement: &mut Movement,
    place: Place,
    foreign: bool,
) -> Result<Taken, Unknown> {
    let Place { invoice, instalment, revision } = place;
    let (id, customer) = (invoice.id.clone(), invoice.customer.clone());
    let payment = movement.payment().clone();
    let is_news = !payment.state.is_received();
    let received = Received {
        instalment,
        revision: Some(revision),
        payment: &payment.id,
        amount: payment.amount,
        paid_at: payment.paid_at,
        source: if is_news { Source::Receipt } else { Source::Unidentified },
    };
    let answer = if foreign {
        let reason = ParkReason::ForeignKey;
        Credit::Park(reason, doubt(&invoice, &received, reason))
    } else {
        credit(&invoice, &received, movement.now())
    };
    movement.add_invoice(Some(invoice));
    movement.load_carrying(deps).await?;
    match answer {
        Credit::Matched { events, excess } if excess.is_zero() && is_news => {
            let in_full = Some((id.clone(), instalment));
            ask(movement, Command::Receive { in_full })?;
            movement.extend_invoice(&id, events).map_err(refused)?;
            Ok(Taken::Matched)
        }
        Credit::Matched { events, excess } => {
            ask(movement, Command::Receive { in_full: None })?;
            let amount = payment.amount - excess;
            ask(movement, Command::Allocate { invoice: id.clone(), instalment, amount })?;
            movement.extend_invoice(&id, events).map_err(refused)?;
            if excess.is_positive() {
                movement.load_customer(deps, &customer).await?;
                put_rest(movement, &customer).map_err(refused)?;
            }
            Ok(Taken::Matched)
        }
        Credit::AlreadyCredited => {
            ask(movement, Command::Receive { in_full: Some((id, instalment)) })?;
            Ok(Taken::Matched)
        }
        Credit::Park(reason, events) => {
            movement.extend_invoice(&id, events).map_err(refused)?;
            wait(movement, reason)?;
            Ok(Taken::Parked)
        }
    }
}

/// The money is there, and a person has to find its place.
fn wait(movement: &mut Movement, reason: ParkReason) -> Result<(), Unknown> {
    ask(movement, Command::Receive { in_full: None })?;
    ask(movement, Command::Park { reason })
}
