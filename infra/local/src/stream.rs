//! The table's stream as Lambda would deliver it, and how far it was read.
//!
//! Owns the filter, the batch and the checkpoint. Invariant: the checkpoint is saved only after
//! everything before it was handled, so a killed process reads again and loses nothing.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use quita_app::Unknown;
use quita_testkit::embedded::{Embedded, StreamRecord};
use serde_json::json;

use crate::files;
use crate::functions::Functions;

/// Records of one batch, as `template.yaml` sets it.
const BATCH_RECORDS_MAX: usize = 100;

/// Where the last handled place of the stream is kept.
#[derive(Debug, Clone)]
pub enum Checkpoint {
    /// Survives a machine, not the process. Clones share it.
    Memory(Arc<Mutex<Option<String>>>),
    /// One file; survives the process.
    File(PathBuf),
}

impl Checkpoint {
    /// A checkpoint at the beginning.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// The last handled sequence number, `None` at the beginning.
    pub fn load(&self) -> io::Result<Option<String>> {
        match self {
            Self::Memory(place) => Ok(place.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::File(path) => match files::read(path)? {
                Some(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
                _ => Ok(None),
            },
        }
    }

    fn save(&self, sequence: &str) -> io::Result<()> {
        match self {
            Self::Memory(place) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(sequence.to_owned());
                Ok(())
            }
            Self::File(path) => files::replace(path, sequence.as_bytes()),
        }
    }
}

/// The reader of the stream.
pub(crate) struct Relay {
    engine: Embedded,
    checkpoint: Checkpoint,
    /// Relayed to the bus up to here.
    position: Option<String>,
    /// What the checkpoint holds.
    saved: Option<String>,
}

impl Relay {
    pub fn open(engine: Embedded, checkpoint: Checkpoint) -> io::Result<Self> {
        let saved = checkpoint.load()?;
        Ok(Self { engine, checkpoint, position: saved.clone(), saved })
    }

    /// Hands the next batch to the function that reads the stream; answers whether anything moved. A batch that fails
    /// in part goes on after its last good record.
    pub async fn turn(&mut self, functions: &dyn Functions) -> Result<bool, Unknown> {
        let batch = self
            .engine
            .stream_after(self.position.as_deref(), BATCH_RECORDS_MAX)
            .map_err(|error| Unknown::new("reading the table's stream", error))?;
        let Some(last) = batch.last().map(|record| record.sequence.clone()) else {
            return Ok(false);
        };
        let events: Vec<&StreamRecord> = batch.iter().filter(|record| is_event(record)).collect();
        if !events.is_empty()
            && let Some(failed) = invoke(functions, &events).await?
        {
            let before = batch.iter().take_while(|record| record.sequence != failed).last();
            let Some(before) = before else { return Ok(false) };
            self.position = Some(before.sequence.clone());
            return Ok(true);
        }
        self.position = Some(last);
        Ok(true)
    }

    /// Everything that was relayed has been handled.
    pub fn settled(&mut self) {
        if self.position == self.saved {
            return;
        }
        let Some(position) = &self.position else { return };
        match self.checkpoint.save(position) {
            Ok(()) => self.saved.clone_from(&self.position),
            Err(error) => {
                tracing::error!(%error, "Checkpoint was not saved; a restart repeats events");
            }
        }
    }
}

/// The filter of `template.yaml`: event rows, when they are written.
fn is_event(record: &StreamRecord) -> bool {
    record.json["eventName"] == "INSERT"
        && record.json["dynamodb"]["NewImage"]["kind"]["S"] == "event"
}

/// Calls the function; answers the first record that has to come again.
async fn invoke(
    functions: &dyn Functions,
    records: &[&StreamRecord],
) -> Result<Option<String>, Unknown> {
    let json: Vec<_> = records.iter().map(|record| &record.json).collect();
    let answer = functions.event(&functions.stream_reader(), json!({ "Records": json })).await?;
    let failed = answer["batchItemFailures"].as_array().and_then(|failures| failures.first());
    // A failure that names no record means the whole batch.
    let first = || records.first().map(|record| record.sequence.clone());
    Ok(failed.and_then(|it| it["itemIdentifier"].as_str().map(str::to_owned).or_else(first)))
}
